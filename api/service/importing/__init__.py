"""Interactions from files: rows of a CSV become events, by a mapping that a person can read."""
