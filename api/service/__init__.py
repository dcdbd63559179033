"""The use cases of Rapport, for HTTP, the command line and pages."""
