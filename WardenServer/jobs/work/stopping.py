"""How a worker ends: it is told, its jobs get a while, then they are ended."""

import threading


class Stopping:
    """What all threads of a worker look at."""

    def __init__(self) -> None:
        self.told = threading.Event()  # nothing new is begun
        self.over = threading.Event()  # what runs is ended
        self.at_once = threading.Event()  # and is not asked first


class Stopped(Exception):
    """A job was ended since its worker ends."""
