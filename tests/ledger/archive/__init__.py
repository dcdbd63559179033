"""Whole ledgers in one file."""
