"""The book: what contacts brought and cost, by month, stage, contact, category or steward.

Source: the care document, section 6.
"""
