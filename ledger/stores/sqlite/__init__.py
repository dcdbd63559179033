"""The store of a data folder: files of SQLite."""
