"""Verification of a ledger's SQLite files, which are read only and checked byte by byte."""
