"""What is measured beside each other gives the same answers."""
