"""SQL files, one for each layout, in the order of their numbers."""
