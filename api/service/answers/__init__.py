"""The answers of the API: one frozen model for each thing.

From a model follow the schema in the OpenAPI document, the JSON and the msgpack on the wire. The
example in the documentation is an instance of it. HTTP, receipts, replays and the command line
say the same with the same model.
"""
