"""Claims about what is derived: current, on time, the same however it came about."""
