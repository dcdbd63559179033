"""The write side: codec, keys, committer, ledgers and the folder they live in."""
