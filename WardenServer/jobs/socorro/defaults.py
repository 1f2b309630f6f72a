"""The options of Socorro's monitor: what holds where a configuration file says nothing.

Names and defaults are those of monitorconfig.py.dist and commonconfig.py.dist of 2009, but for places: nothing is kept
where anybody may write, as in /tmp, and there must be a storageRoot.
"""

from collections.abc import Mapping
from pathlib import Path

from WardenServer.jobs.socorro.options import Option, timeDeltaConverter

_LEVELS = "10 is DEBUG, 20 INFO, 30 WARNING, 40 ERROR, 50 CRITICAL"
_LINE = "%(asctime)s %(levelname)s - %(message)s"


def common() -> dict[str, Option]:
    """What commonconfig.py has."""
    return {
        "databaseHost": Option("host of the PostgreSQL server", "localhost"),
        "databasePort": Option("port of the PostgreSQL server", 5432),
        "databaseName": Option("database in the PostgreSQL server; blank: a file of SQLite", ""),
        "databaseUserName": Option("user of the database", ""),
        "databasePassword": Option("password of that user", ""),
        "databaseURL": Option("in place of all that: sqlite:////FOLDER/jobs.db or postgresql://USER@HOST/NAME", ""),
        "storageRoot": Option("folder in which files arrive", ""),
        "deferredStorageRoot": Option("folder of those that are only taken on request; blank: none", ""),
        "jsonFileSuffix": Option("how the name of the one file ends", ".json"),
        "dumpFileSuffix": Option("how the name of the other file ends", ".dump"),
        "processorCheckInTime": _duration("time within which a processor says that it is alive", "00:05:00"),
        "minutesPerSlot": Option("how many minutes share a folder in the date branch", 1),
    }


def delays() -> dict[str, Option]:
    """How often the loops run."""
    return {
        "standardLoopDelay": _duration("time between two looks for new files", "00:05:00"),
        "cleanupJobsLoopDelay": _duration("time between two looks for jobs that have ended", "00:05:00"),
        "priorityLoopDelay": _duration("time between two looks for requests", "00:01:00"),
    }


def logging() -> dict[str, Option]:
    """Where log lines go."""
    return {
        "logFilePathname": Option("log file", "./monitor.log"),
        "logFileMaximumSize": Option("bytes at which it is put aside", 1_000_000),
        "logFileMaximumBackupHistory": Option("how many of those are kept", 50),
        "logFileLineFormatString": Option("form of its lines, as in Python's logging", _LINE),
        "logFileErrorLoggingLevel": Option(f"least important lines in it; {_LEVELS}", 10),
        "stderrLineFormatString": Option("form of lines on standard error", _LINE),
        "stderrErrorLoggingLevel": Option(f"least important lines there; {_LEVELS}", 40),
    }


def monitor(folder: Path) -> Mapping[str, Option]:
    """All of them. `folder` is where files go whose job has ended, unless something else is said."""
    files = {
        "saveSuccessfulMinidumpsTo": Option("folder of files whose job was done; blank deletes them",
                                            str(folder / "successful")),
        "saveFailedMinidumpsTo": Option("folder of files whose job has failed; blank deletes them",
                                        str(folder / "failed")),
        "dumpPermissions": Option("rights of a file there: 432 is 0660", str(0o660)),
        "dirPermissions": Option("rights of a folder there: 504 is 0770", str(0o770)),
        "dumpGID": Option("number of their group; blank: that of the folder", ""),
    }  # fmt: skip
    return {**common(), **delays(), **logging(), **files, "config": Option("file with lines name=value", "")}


def _duration(doc: str, default: str) -> Option:
    return Option(f"{doc} (D:H:M:S, counted from the right)", default, fromStringConverter=timeDeltaConverter)
