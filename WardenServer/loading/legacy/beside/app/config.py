"""Constants that old files read."""

from pathlib import Path

DAEMON_TIME_TICK = 0.1
DAEMON_TIME_DIVIDER = 1.0
FILE_ROOT = str(Path(__file__).parent)
LOGGING_MAIN_FORMAT = LOGGING_FILE_FORMAT = "%(asctime)s %(levelname)-8s %(threadName)-16s %(name)-12s: %(message)s"
LOGGING_MAIN_DATE = "%m-%d %H:%M"
LOGGING_FILE_DATE = "%Y-%m-%d %H:%M:%S"
LOCKING_DIR = "/tmp/"
LOCKING_LOCAL_DIR = "locks"
