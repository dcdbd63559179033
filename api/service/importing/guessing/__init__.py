"""Proposals of mappings: how a file is laid out, what its columns are, and how sure that is."""
