"""One function per generated page: it reads the code and returns Markdown."""
