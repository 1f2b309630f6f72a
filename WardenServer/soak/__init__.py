"""`warden soak`: a real hub, with agents of all kinds, while faults are thrown at it; ends with a verdict."""
