"""What we owe whom, and by when: the agenda of a contact, folded from its history.

Nothing here is a second source of truth: to do the thing, append the event. Source: the care
document, section 2.
"""
