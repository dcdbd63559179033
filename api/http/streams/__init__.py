"""Bodies and answers of any length, in constant memory: bulk appends, exports and tails."""
