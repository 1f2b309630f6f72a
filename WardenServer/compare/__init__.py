"""Another server's Memcached held against ours, key by key, while both run."""
