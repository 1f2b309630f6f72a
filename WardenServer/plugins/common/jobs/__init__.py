"""New files become jobs, each done by one of several processors: what Socorro's Monitor did (Mozilla, 2009).

Agents, commands and the web use it. `configuration` is the table [jobs], `storage/` finds and moves files, the other
modules are the rules of the jobs' database: one transaction each.
"""
