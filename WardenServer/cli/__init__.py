"""The command `warden`."""
