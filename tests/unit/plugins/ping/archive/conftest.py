"""Stand-ins for what others write."""

from tests.unit.plugins.ping.archive.fakes import fakes

__all__ = ["fakes"]
