"""Tango by its old name. A `DeviceProxy` is one of a pool, so that a run does not pay for a new connection."""

from tango import *  # noqa: F403

from WardenServer.servers.tango_reading import pooled as DeviceProxy

__all__ = ["DeviceProxy"]
