"""Local servers, and everything on this machine with one command."""
