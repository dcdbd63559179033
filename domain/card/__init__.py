"""The welcome card: everything that the person who opens the door needs.

It is made of the effective history like all else, and nothing of it is stored. Source: the care
document, section 3 (E2's restaurant).
"""
