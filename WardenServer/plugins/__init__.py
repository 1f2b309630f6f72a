"""Agents that ship with the hub, and templates to copy."""
