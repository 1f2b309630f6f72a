"""What Python's garbage collector looks through again and again: not what stays.

A full collection stops all threads. With a thousand agents loaded it takes 30 ms, in which no agent starts.
"""

import gc

_only_libraries = False  # nothing else is set aside


def begin() -> None:
    """Look no more at what is there before agents are loaded: the modules of the libraries. It takes no time."""
    global _only_libraries
    gc.freeze()
    _only_libraries = True


def set_aside() -> None:
    """Collect what is garbage now, and look no more at all that is left: modules, agents, contracts.

    It stops all threads for as long as such a collection, so it is for moments when no tick runs. What was set aside
    for earlier agents is looked through once more.
    """
    global _only_libraries
    if not _only_libraries:
        gc.unfreeze()
    gc.collect()
    gc.freeze()
    _only_libraries = False


def set_aside_imports() -> None:
    """Look no more at what is there now, after a large library was imported while the tick runs. It takes no time, and
    what is garbage at this moment stays."""
    gc.freeze()
