"""What is installed is what was pulled."""
