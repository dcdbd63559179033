"""Programs that measure, and what they measured in ``results/``."""
