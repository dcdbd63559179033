"""What every request passes: connections, the front door, what is counted and logged."""
