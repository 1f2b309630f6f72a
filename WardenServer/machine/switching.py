"""How soon a thread that computes has to let others have the interpreter.

Where one agent burns the processor, every wait for the interpreter takes CPython's switch interval, and each run has
several: at 5 ms a few hundred runs per second are all there can be, at 0.1 ms some thousands. But a short interval
also breaks into the work of many agents that behave: measured on two cores, it costs 100 agents on a tick of 0.1 s
some percent more processor, 300 a fifth, 500 half as much again, and with 1000 runs are left out.
"""

#: Seconds: CPython's own, and the one where there are few runs.
LONG, SHORT = 0.005, 0.0001
#: Runs per second that are few.
FEW = 3000.0


def interval(runs: float) -> float:
    """The switch interval in seconds, for so many runs per second."""
    return SHORT if runs <= FEW else LONG
