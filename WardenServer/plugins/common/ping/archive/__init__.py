"""Raw data of many monitoring hosts: fetched day by day, checked, and repaired."""
