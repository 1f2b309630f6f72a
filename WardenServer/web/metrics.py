"""What Prometheus takes: the hub's own figures, and numeric fields with the labels of the Tango exporters."""

import math
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from anyio import CapacityLimiter
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import Response

from WardenServer.settings.config import Settings
from WardenServer.web.follow import Follow
from WardenServer.web.paths import Asked, Parameter, Path
from WardenServer.web.view import View

#: Elements of an array that is given, when arrays are asked for.
LONGEST = 16
#: States of the hub and of agents.
HUB_STATES = ("RUNNING", "ALARM", "ON", "FAULT", "INIT", "UNKNOWN")
AGENT_STATES = ("good", "waiting", "no data", "failing", "stalled", "stopped", "refused")
_LABELS = ("device", "name", "label", "type", "dim_x", "dim_y", "x", "y")
_ARRAYS = Parameter("arrays", f"Given, arrays of up to {LONGEST} elements come too.")
#: By entry of an agent: metric, help, whether it only counts up.
_OF_AGENT = {
    "runs": ("warden_agent_runs", "Runs since the start of the hub.", True),
    "failures": ("warden_agent_failures", "Runs that failed.", True),
    "skipped": ("warden_agent_skipped_runs", "Runs that were left out since one still ran.", True),
    "age": ("warden_agent_age_seconds", "Time since the end of the last run.", False),
    "lateness_p99": ("warden_agent_lateness_seconds", "How late runs start, 99th percentile.", False),
    "cpu": ("warden_agent_cpu_share", "Share of one processor.", False),
}


class Metrics:
    """The figures of the newest view, for Prometheus."""

    def __init__(self, settings: Settings, follow: Follow) -> None:
        self._settings, self._follow = settings, follow

    def paths(self) -> list[Path]:
        """The path of this module."""
        return [
            Path("GET", "/metrics", "For Prometheus.", self.metrics, parameters=(_ARRAYS,), media_type="text/plain",
                 turn=CapacityLimiter(2)),
        ]  # fmt: skip

    def metrics(self, asked: Asked) -> Response:
        """All figures."""
        view, registry = self._follow.view, CollectorRegistry()
        registry.register(_Collected([*_of_hub(view), *_of_agents(view), self._fields(view, "arrays" in asked.query)]))
        return Response(generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    def _fields(self, view: View, arrays: bool) -> Metric:
        family = GaugeMetricFamily("device_attribute", "Fields of agents, as attributes of the device.", labels=_LABELS)
        now = time.time()
        for name, entry in view.fields.items():
            value = fresh_value(view, entry, now)
            labels = {
                "device": self._settings.device,
                "name": str(entry.get("attribute") or name),
                "label": str(entry.get("label") or entry["field"]),
                "type": str(entry.get("type")).partition("[")[0],
            }
            for more, number in _elements(value, entry, arrays):
                family.add_metric([{**labels, **more}[label] for label in _LABELS], number)
        return family


class _Collected:
    """For prometheus_client: families that are there already."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = list(families)

    def collect(self) -> Iterable[Metric]:
        """See prometheus_client."""
        return self._families


def fresh_value(view: View, entry: Mapping[str, Any], now: float) -> Any:
    """The value of a field; None where it is older than ten intervals of its agent, and than 10 s."""
    document = view.documents.get(entry["key"])
    if not isinstance(document, dict):
        return document if entry["field"] == "value" else None
    interval: Any = view.agents.get(str(entry.get("agent")), {}).get("interval")
    stamp: Any = document.get("timestamp")
    is_old = _is_number(stamp) and now - stamp > max(10.0, 10 * (interval or 0.0))
    return None if is_old else document.get(entry["field"])


def _elements(value: Any, entry: Mapping[str, Any], arrays: bool) -> Iterator[tuple[dict[str, str], float]]:
    """Labels and number of each element that Prometheus can take."""
    if labels := entry.get("labels"):
        for label in labels if isinstance(value, str | int) else ():
            name = labels[value] if isinstance(value, int) and 0 <= value < len(labels) else value
            yield {**_place(1, 0, 0, 0), "label": str(label)}, float(name == label)
    elif _is_number(value):
        yield _place(1, 0, 0, 0), float(value)
    elif arrays and isinstance(value, list):
        yield from _array(value)


def _array(value: list[Any]) -> Iterator[tuple[dict[str, str], float]]:
    rows = value if value and all(isinstance(row, list) for row in value) else [value]
    width, height = len(rows[0]), len(rows) if rows is value else 0
    if sum(map(len, rows)) <= LONGEST:
        for y, row in enumerate(rows):
            for x, number in enumerate(row):
                if _is_number(number):
                    yield _place(width, height, x, y), float(number)


def _place(dim_x: int, dim_y: int, x: int, y: int) -> dict[str, str]:
    return {"dim_x": str(dim_x), "dim_y": str(dim_y), "x": str(x), "y": str(y)}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _of_hub(view: View) -> Iterator[Metric]:
    yield GaugeMetricFamily("warden_up", "Whether the hub publishes.", float(view.hub is not None))
    if view.hub is None:
        return
    yield _states("warden_state", "State of the hub.", {(): str(view.hub.get("state"))}, HUB_STATES, ())
    for name, metric, text in (("ticks", "warden_ticks", "Ticks."), ("missed", "warden_missed_ticks", "Missed ticks.")):
        if _is_number(view.hub.get(name)):
            yield CounterMetricFamily(metric, text, view.hub[name])
    if _is_number(view.hub.get("lateness_p99")):
        text = "How late ticks come, 99th percentile."
        yield GaugeMetricFamily("warden_lateness_seconds", text, view.hub["lateness_p99"])
    lost = CounterMetricFamily("warden_sink_lost_results", "Results that a sink has lost.", labels=["sink"])
    for sink, entry in view.hub.get("sinks", {}).items():
        lost.add_metric([sink], entry.get("lost", 0))
    yield lost


def _of_agents(view: View) -> Iterator[Metric]:
    states: dict[tuple[str, ...], str] = {(name,): str(entry.get("state")) for name, entry in view.agents.items()}
    yield _states("warden_agent_state", "State of an agent.", states, AGENT_STATES, ("agent",))
    for name, (metric, text, counts) in _OF_AGENT.items():
        family = (CounterMetricFamily if counts else GaugeMetricFamily)(metric, text, labels=["agent"])
        for agent, entry in view.agents.items():
            if _is_number(entry.get(name)):
                family.add_metric([agent], entry[name])
        yield family


def _states(
    name: str, text: str, states: Mapping[tuple[str, ...], str], words: tuple[str, ...], labels: tuple[str, ...]
) -> Metric:
    """One series for each state that there can be, 1 for the one that is."""
    family = GaugeMetricFamily(name, text, labels=[*labels, "state"])
    for whose, state in states.items():
        for word in words:
            family.add_metric([*whose, word], float(word == state))
    return family
