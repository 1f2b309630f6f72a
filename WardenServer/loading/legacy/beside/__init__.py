"""What old files import: each agent has its own copy, as of modules beside its file."""
