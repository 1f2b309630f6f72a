"""The hub in Tango: a device, and its server."""
