"""`warden soak --jobs`: monitors and workers on files that keep coming, while faults are thrown at them; ends with a
verdict."""
