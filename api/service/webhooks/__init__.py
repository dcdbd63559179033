"""Webhooks: who receives what happens in a ledger, and how it reaches them."""
