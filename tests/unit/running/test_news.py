"""What is worth a line in the log."""

import logging

from WardenServer.running.news import Overruns


def test_overruns_are_said_once_then_at_twice_the_number_and_when_they_are_over() -> None:
    overruns = Overruns()
    assert overruns.look(0, None) is None
    level, said = overruns.look(1, 0.4) or (0, "")
    assert (level, "a run was skipped" in said, "0.4 s ago" in said) == (logging.INFO, True, True)
    assert overruns.look(1, 0.9) is None
    looks = [overruns.look(count, 1.0) for count in range(2, 41)]
    assert [said[0] for said in looks if said] == [logging.WARNING] * 5
    assert [count for count, said in zip(range(2, 41), looks, strict=True) if said] == [2, 4, 8, 16, 32]
    assert overruns.skipped == 40
    assert overruns.look(40, 1.0) is None, "it still runs"
    level, said = overruns.look(40, None) or (0, "")
    assert (level, said) == (logging.INFO, "runs on time again; 40 run(s) were skipped")
    assert overruns.look(40, None) is None
    assert (overruns.look(41, None) or (0, ""))[0] == logging.INFO
