"""Agendas of contacts and ledgers, at any point in both times."""
