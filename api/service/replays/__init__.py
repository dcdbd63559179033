"""Questions about the whole ledger: what it was, and what it would be under another policy.

The contacts are walked through one at a time and folded by the fold that everything else uses; the
answer is a file of lines and a digest over it.
"""
