"""Segments: a ledger's events up to a head, cut by contacts, to be read anywhere."""
