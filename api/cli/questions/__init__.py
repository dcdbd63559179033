"""Questions answered in this process: of one contact, and of all of them with progress."""
