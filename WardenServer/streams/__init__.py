"""Event streams: readers, and the processors that they feed."""
