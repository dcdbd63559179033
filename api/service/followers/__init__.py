"""Projections and the signing of logs in a process beside the server, and what the two say."""
