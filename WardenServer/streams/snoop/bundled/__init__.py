"""The package `snoop.processors`: what snoop has as examples."""
