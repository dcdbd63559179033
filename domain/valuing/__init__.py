"""What a contact may bring in the year to come: probabilities, beside the stages and never in them.

Source: the care document, section 7.
"""
