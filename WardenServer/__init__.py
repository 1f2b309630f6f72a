"""The monitoring hub of a beamline: plain Python agents, published to Memcached and as Tango attributes."""

from WardenServer.errors import NoData

__version__ = "0.1.0"
__all__ = ["NoData", "__version__"]
