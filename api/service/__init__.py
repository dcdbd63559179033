"""What the API does, whatever the way in: HTTP, the command line, pages."""
