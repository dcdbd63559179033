"""The contract in a form for programs: the OpenAPI document, and the pages that show it."""
