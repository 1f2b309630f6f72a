"""The run database of CMS: two tables, which are only read."""
