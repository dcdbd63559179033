"""The HTTP API: its endpoints, what reads their requests, and what every request passes."""
