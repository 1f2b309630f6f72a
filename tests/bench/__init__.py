"""The benchmark: ours beside what people would use instead, on the same work, in turn. Run it with scripts/bench."""
