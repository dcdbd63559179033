"""Mappings that come with the program, by the name of their file without its suffix."""
