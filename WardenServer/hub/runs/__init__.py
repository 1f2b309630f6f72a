"""The runs that the hub itself opens and closes, and the snapshots of what was set then."""
