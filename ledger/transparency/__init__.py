"""The ledger as a Merkle tree log in the standard forms, which other people's tools can check.

Leaf n, from 0, is the event at position n + 1.
"""
