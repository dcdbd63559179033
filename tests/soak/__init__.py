"""Many rounds of deaths and failovers on PostgreSQL: ``make soak``, and one round of each here."""
