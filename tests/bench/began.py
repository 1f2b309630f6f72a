"""The command `warden`, which first says when: starting Python and importing libraries is not what is compared.

python -m tests.bench.began serve INSTANCE [OPTIONS]
"""

import time

from WardenServer.cli import commands as cli
from WardenServer.tango_device import serve

__all__ = ["serve"]  # imported here, so that it is not later

if __name__ == "__main__":
    print("began", time.monotonic(), flush=True)
    cli.main()
