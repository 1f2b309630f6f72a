"""Events, kept in one file."""
