"""The write side and its bytes: drafts in, recorded events out, and the files they live in.

An append goes from ``Ledger`` to the committer, which decides, maps and commits; ``folder`` holds
the ledgers of a server. Nothing here knows of HTTP or of projections.
"""
