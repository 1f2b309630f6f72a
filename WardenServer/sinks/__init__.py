"""The ways out of the hub: each sink on a thread of its own."""
