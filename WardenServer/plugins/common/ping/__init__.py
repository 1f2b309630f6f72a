"""Is it the network: what PingER (SLAC) does. `probe` measures, `serving` gives raw data away, `archive` collects them,
`reports` makes tables of them, `looking` shows these."""
