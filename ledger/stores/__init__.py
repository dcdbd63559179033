"""Stores: where a ledger's events, keys, transparency log, trail and projections' tables are kept.

``ledger.stores.sqlite`` keeps them in files of SQLite, and is the only package that names it. What
a store raises is always an error of ours: see ``ledger.stores.sqlite.errors``.
"""
