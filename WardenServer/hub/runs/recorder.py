"""Opens and closes runs, by command or by what the settings say, and has snapshots taken of them."""


class Recorder:
    """The runs of a hub."""
