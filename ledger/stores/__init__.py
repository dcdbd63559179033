"""Stores: where a ledger's events, keys, transparency log, trail and projections' tables are kept.

The modules here are protocols, and ``store.py`` has the two that open everything else. Each folder
is a store that keeps them; ``api.bootstrap`` chooses one. What a store raises is always an error of
ours: see ``ledger.stores.sqlite.errors``.
"""
