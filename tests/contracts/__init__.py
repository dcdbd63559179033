"""Suites that a store must pass; they ship with the library or stand here once."""
