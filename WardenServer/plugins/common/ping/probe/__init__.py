"""Measures: hosts are pinged in rounds, and each set of pings becomes a raw line and part of a document."""
