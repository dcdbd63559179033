"""What ``rapport verify`` checks, one module for each kind of target, and how it tells of it."""
