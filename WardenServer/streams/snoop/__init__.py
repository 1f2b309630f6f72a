"""Configuration modules and processors that were written for snoop of SNO+, as they are: `warden stream run`."""
