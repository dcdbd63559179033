"""Whole ledgers in one file: written, checked by itself, and made a ledger again, exactly."""
