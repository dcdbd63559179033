"""Checking a ledger without trusting it: everything is derived again from the stored events.

Nothing here writes to what it checks, opens a ledger for appending or asks a server that runs.
"""
