"""What the run database says of a run itself: whether it is global, whether it was started, and who takes part."""

import re
from collections.abc import Mapping, Sequence

from WardenServer.plugins.common.runs.runinfo.parameters_file import name_of
from WardenServer.plugins.common.runs.source import Run

#: A run is global in which the value of this parameter contains this part.
GLOBAL_NAME, GLOBAL_PART = "CMS.HCAL_LEVEL_1:FM_FULLPATH", "/hcalpro/Global/"
#: The partition that takes part only where HF is in the run, too.
_HF = "HCAL_HF"
_HCAL_IN, _HF_IN, _STATE = "CMS.LVL0:HCAL", "CMS.LVL0:HF", "CMS.LVL0:RC_STATE"
_EMPTY = "EMPTY_FMS"


def names(partitions: Sequence[str]) -> list[str]:
    """The parameters that `run` needs, where there are these partitions."""
    return [_HCAL_IN, _HF_IN, _STATE, *(name_of(each, _EMPTY) for each in partitions)]


def run(number: int, values: Mapping[str, Sequence[str]], partitions: Sequence[str]) -> Run:
    """A run, from the values of `names`, of each those that count first first.

    It is ready where any of its states is Running. No partition takes part where HCAL is not In, or where nothing says
    whether it is; the same holds of HF and HCAL_HF. Else all take part that no partition names in its EMPTY_FMS, which
    is "[A, B]"; where none has one, all do.
    """
    is_ready = any(state.strip() == "Running" for state in values.get(_STATE, ()))
    note = "" if is_ready else "has not reached Running"
    return Run(number, is_ready=is_ready, partitions=_included(values, partitions), note=note)


def _included(values: Mapping[str, Sequence[str]], partitions: Sequence[str]) -> tuple[str, ...]:
    if not _is_in(values, _HCAL_IN):
        return ()
    masked = {word for each in partitions for word in _words(values.get(name_of(each, _EMPTY), ()))}
    if not _is_in(values, _HF_IN):
        masked.add(_HF)
    return tuple(each for each in partitions if each not in masked)


def _is_in(values: Mapping[str, Sequence[str]], name: str) -> bool:
    return [each.strip() for each in values.get(name, ())][:1] == ["In"]


def _words(said: Sequence[str]) -> list[str]:
    """The partitions in a text such as "[A, B]"."""
    return re.findall(r"[^\[\],\s\"']+", said[0]) if said else []
