"""The hub's memory: every result, in blocks by day, and what is left of them after years."""
