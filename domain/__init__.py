"""What happened between a business and its contacts, and what it means.

Only the standard library is imported here; there is no clock and no I/O. Instants are whole
microseconds of UTC since 1970 (``*_at``), calendar days are proleptic ordinals (``*_day``), money
is whole minor units (``*_minor``).
"""
