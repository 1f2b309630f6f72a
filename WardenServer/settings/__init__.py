"""Every setting, where it came from, and what of it people must not read."""
