"""Programs of other people that are measured beside ours, each in an environment of its own."""
