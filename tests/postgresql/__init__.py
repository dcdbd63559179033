"""What is special to ledgers in PostgreSQL; what every store promises is in ``tests/contracts``."""
