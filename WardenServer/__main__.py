"""`python -m WardenServer` is the command `warden`."""

from WardenServer.cli.commands import main

main()
