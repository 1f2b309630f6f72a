"""How fast all hosts together are pinged."""


class Pace:
    """At most so many packets a second, over everybody who asks. One event loop uses it."""

    def __init__(self, rate: float) -> None:
        self._rate = rate

    async def turn(self) -> None:
        """Wait until the next packet may go."""
        raise NotImplementedError
