"""Everything that is kept in PostgreSQL; the only room that imports psycopg."""
