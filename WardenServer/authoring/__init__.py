"""What helps those who write plugin files: templates, try, check."""
