"""Fields as Tango attributes."""
