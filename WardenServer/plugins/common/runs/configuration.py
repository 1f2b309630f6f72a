"""The table [runs]: where runs come from, what is kept of them, and what is no change.

    [runs]
    documents = ["Petra"]
    attributes = ["p02/motor/eh1.01/Position"]
    number = "p02/daq/1/RunNumber"
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from WardenServer.plugins.common.differ.rules import Rules


@dataclass(frozen=True)
class Runs:
    """All that hub, agent, commands and web must agree upon.

    Args:
        hub: name of the hub, whose runs these are.
        folder: where the store and the log of URLs are, unless something else is said.
        url: of the store, sqlite:///FILE or postgresql://USER@HOST/DATABASE; a secret. It comes from runs_url.
        database: URL of a run database of others, which is only read; a secret. "" where the hub has runs of its own.
        schema: of its tables, such as "cms_hcl_runinfo"; "" for the usual one of the user.
        parameters: the file that says which of its parameters are compared; of CMS: diffed_parameters.txt.
        documents: keys, or patterns such as "P022.*", whose fields are in a snapshot.
        attributes: Tango attributes in a snapshot, as DEVICE/ATTRIBUTE.
        state: a Tango attribute; a run is open while it has one of the values `running`.
        running: those values, as text.
        number: a Tango attribute with the number of the run; without `state` each new number ends a run and begins one.
        file: a run is open while this file exists; it may hold the number.
        every: seconds between snapshots while a run is open; 0 for none.
        limit: seconds that a snapshot may take.
        link: address of the page, for messages; "" where there is none.
        log: the file with URLs of the newest differences, as the original's BotUrlLog.html.
        rules: what is no change: the tables [runs.tolerances] and [[runs.masks]].
    """

    hub: str
    folder: Path
    url: str = field(repr=False)
    database: str = field(default="", repr=False)
    schema: str = ""
    parameters: Path | None = None
    documents: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    state: str = ""
    running: tuple[str, ...] = ("RUNNING", "MOVING", "ON", "True")
    number: str = ""
    file: Path | None = None
    every: float = 0.0
    limit: float = 2.5
    link: str = ""
    log: Path | None = None
    rules: Rules = field(default_factory=Rules)

    @property
    def is_own(self) -> bool:
        """Whether the hub itself opens and closes the runs."""
        return not self.database


def read(table: Mapping[str, Any]) -> Runs:
    """Understand the table.

    Raises:
        SettingError: something is missing, unknown or wrong; the text has the cure.
    """
    raise NotImplementedError


def names(attributes: Sequence[str]) -> dict[str, list[str]]:
    """Attributes by device, both in the order in which they come."""
    found: dict[str, list[str]] = {}
    for each in attributes:
        device, _, attribute = each.rpartition("/")
        found.setdefault(device, []).append(attribute)
    return found
