"""What everything costs from ten thousand events to ten million, as a page with a plot."""
