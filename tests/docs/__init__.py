"""What the documentation says is true and complete."""
