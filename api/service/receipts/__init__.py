"""Status receipts: an answer with all that it rests on, and the check of one, without a ledger.

A receipt is one JSON document. ``making`` writes it from an open ledger, ``checking`` reads it
anywhere: signature, proofs, stored bytes, and the answer folded again by the domain's own fold.
Source: the audit document, "Receipts".
"""
