"""Finding people: an index in memory over what they are called and how they can be reached.

On disk all of it is encrypted, so the index lives in the process that has the keys, and is built
again at each start.
"""
