"""The console: what people see. Pages call the service functions that the HTTP interface calls."""
