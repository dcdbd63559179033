"""One script in three clients: register, append, append again, read, follow the log, be refused.

Each story prints what it was answered as one JSON object.
"""
