"""`python -m WardenServer` is the command `warden`."""

from WardenServer.cli import main

main()
