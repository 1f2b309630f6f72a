"""Runs, the values of their parameters, and what changed: where they come from, and where we keep them."""
