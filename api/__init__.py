"""Every way in: HTTP, command line, and the composition root that builds what they share."""
