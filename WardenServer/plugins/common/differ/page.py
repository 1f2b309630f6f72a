"""A comparison as HTML: a short view, and a complete one with the lines side by side. Needs jinja2."""

from WardenServer.plugins.common.differ.change import Comparison

#: Most lines of a parameter in the short view.
SHORT = 20


def fragment(comparison: Comparison, complete: bool) -> str:
    """The changes as HTML without a frame; everything that came from a run is escaped."""
    raise NotImplementedError


def page(comparison: Comparison, title: str, complete: bool) -> str:
    """A page of its own, which needs no other file."""
    raise NotImplementedError
