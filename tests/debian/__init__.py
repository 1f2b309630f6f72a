"""The hub among the real servers of a facility, as Debian packages them."""
