"""The wire as it stands: golden answers of every operation, and the OpenAPI document."""
