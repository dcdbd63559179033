"""Every way in: HTTP and the settings behind it."""
