"""What differs between two runs: texts line by line, numbers, nested values. Knows no database and no files."""
