"""What pytest leaves alone here."""

collect_ignore = ["stories/openapi_python_client.py"]
"""It imports a package that is generated elsewhere, and runs there."""
