"""Archives of ledgers on the command line: their files and passphrases, and taking one in."""
