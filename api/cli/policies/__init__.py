"""Policies on the command line: documents on disk, what one would change, presets published."""
