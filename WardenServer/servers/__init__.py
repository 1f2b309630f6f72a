"""Tango, its database and Memcached as we talk to them."""
