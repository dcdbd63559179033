"""Questions about the whole ledger."""
