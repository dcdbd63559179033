"""Asking a ledger: in a data folder, or through the server that holds it."""
