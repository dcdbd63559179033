"""Expected values: two models fitted to a ledger's purchases, kept, and asked about one contact.

Source: the care document, section 7.
"""
