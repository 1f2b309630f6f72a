"""The file that says which parameters are compared, as CMS HCAL's diffed_parameters.txt.

    # a comment has its sign in the first column
    CFGSNIPPET_KEY_SELECTED   :HCAL_HF HCAL_HO
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from WardenServer.errors import SettingError

#: Most bytes of the file: a hundred times what 100,000 parameters take would be no such file.
LARGEST = 64_000_000
_EXAMPLE = "write lines such as `PARAMETER :PARTITION PARTITION`"


class Compared:
    """What the file says. `partitions` are in the order in which they come; `names` are those of the database, in the
    order of the parameters, each with its partition and parameter."""

    def __init__(self, lines: Mapping[str, Sequence[str]]) -> None:
        self.partitions = tuple(dict.fromkeys(each for partitions in lines.values() for each in partitions))
        self.names = {name_of(each, parameter): (each, parameter)
                      for parameter, partitions in lines.items() for each in partitions}  # fmt: skip

    def of(self, partitions: Sequence[str] | None) -> Mapping[str, tuple[str, str]]:
        """The names of these partitions; of all where none are given."""
        if partitions is None:
            return self.names
        wanted = set(partitions)
        return {name: which for name, which in self.names.items() if which[0] in wanted}


def name_of(partition: str, parameter: str) -> str:
    """The name of a parameter in the database."""
    return f"CMS.{partition}:{parameter}"


def parse(text: str) -> dict[str, list[str]]:
    """The partitions by parameter. Of what stands before the colon the first word counts, lines without a colon do not.
    A parameter that comes twice has the partitions of both lines, each once."""
    found: dict[str, dict[str, None]] = {}
    for line in re.split(r"\r\n?|\n", text):
        before, colon, after = line.partition(":")
        if colon and not line.startswith("#") and (words := before.split()):
            found.setdefault(words[0], {}).update(dict.fromkeys(after.split()))
    return {parameter: list(partitions) for parameter, partitions in found.items() if partitions}


class ParametersFile:
    """The file; any thread may read it. It is read again when it has changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: tuple[tuple[int, int, int], Compared] | None = None

    def read(self) -> Compared:
        """What stands in it now.

        Raises:
            SettingError: the file is missing, or names no parameter. A file that is just being written may do that for
                a moment; to go on with the older one would hide a mistake.
        """
        try:
            stat = self._path.stat()
            stamp = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
            if self._known is None or self._known[0] != stamp:
                self._known = stamp, self._understand(stat.st_size)
            return self._known[1]
        except OSError as error:
            why = f"cannot be read ({error.strerror})"
            raise SettingError(f"file {self._path} {why}; correct `parameters` in [runs]") from None

    def _understand(self, size: int) -> Compared:
        if not self._path.is_file() or size > LARGEST:
            raise SettingError(f"{self._path} is no file of parameters; correct `parameters` in [runs]")
        if not (lines := parse(_decode(self._path.read_bytes()))):
            raise SettingError(f"file {self._path} names no parameter; {_EXAMPLE}")
        return Compared(lines)


def _decode(raw: bytes) -> str:
    """Text of an editor of today, or of one from before UTF-8."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
