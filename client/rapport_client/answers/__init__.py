"""What the ledger answers, as frozen dataclasses with one module for each subject.

Instants are aware and in UTC. A field whose name is a keyword of Python ends in an underscore, such
as ``from_``. Fields that a newer server adds are ignored.
"""
