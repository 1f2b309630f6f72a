"""The device server with one command more, which holds the device: no command of the hub does so for long."""

import time

from tango.server import command

from WardenServer.cli import commands as cli
from WardenServer.tango_device import device


class BeamlineWarden(device.BeamlineWarden):
    """See the original."""

    @command(dtype_in=float)
    def Hold(self, seconds: float) -> None:
        """Keep everybody else from the device."""
        time.sleep(seconds)


device.BeamlineWarden = BeamlineWarden  # type: ignore[misc]
cli.main()
