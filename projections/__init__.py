"""What follows from the log: read models that a follower keeps current and anyone can rebuild.

Everything here is derived and may be thrown away. A row is a pure function of the log up to a
position and of an instant, so two builds that reached the same point hold the same rows.
"""
