"""What the pages load: one style sheet, one script of ours, and htmx."""
