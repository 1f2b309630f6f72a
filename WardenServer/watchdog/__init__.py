"""What is done about a server that hangs as a whole."""
