"""The numbers that PingER's documentation gives, or that its formulas have for round values."""

import polars
import pytest

from tests.unit.plugins.ping.reports.hours import hour_of
from tests.unit.plugins.ping.reports.lines import DAY, Line
from WardenServer.plugins.common.ping.archive.nodes import Node, Nodes
from WardenServer.plugins.common.ping.reports import formulas
from WardenServer.plugins.common.ping.reports.hourly import hourly

EXAMPLE = (218, 217, 219, 218, 218, 217, 217, 217, 217, 217)


def value(formula: polars.Expr) -> float:
    return float(polars.select(formula).item())


def number(given: float) -> polars.Expr:
    return polars.lit(float(given))


@pytest.mark.parametrize(
    ("rtt", "ipdv", "loss", "mos"), [(50, 5, 0, 4.373), (200, 10, 1, 4.013), (300, 40, 10, 2.123), (100, 5, 40, 1.0)]
)
def test_mos(rtt: float, ipdv: float, loss: float, mos: float) -> None:
    assert f"{value(formulas.mos(number(rtt), number(ipdv), number(loss))):.3f}" == f"{mos:.3f}"


@pytest.mark.parametrize(
    ("rtt", "lost", "sent", "throughput"), [(100, 1, 100, 1168.0), (200, 1, 1000, 1846.770), (217.923, 0, 20, 338.977)]
)
def test_throughput(rtt: float, lost: int, sent: int, throughput: float) -> None:
    got = value(formulas.throughput(number(rtt), polars.lit(lost), polars.lit(sent)))
    assert f"{got:.3f}" == f"{throughput:.3f}"


def test_unpredictability() -> None:
    got = value(formulas.unpredictability(number(0.91), number(0.47)))
    assert f"{got:.3f}" == "0.380"
    assert f"{got * 2**0.5:.3f}" == "0.538"


def test_alpha() -> None:
    assert f"{value(formulas.alpha(number(8000), number(200))):.3f}" == "0.400"


@pytest.mark.parametrize("base", [0, 1])
@pytest.mark.parametrize(
    ("came", "clp"),
    [
        ((0, 1, 2, 6, 7, 8, 9), 66.667),
        ((0, 2, 4, 6, 7, 8, 9), 0),
        ((0, 1, 2, 3, 6, 7, 8, 9), 50),
        ((0, 1, 2, 3, 4, 6, 7, 8, 9), 0),
        ((), 100),
    ],
)
def test_conditional_loss_probability(came: tuple[int, ...], clp: float, base: int) -> None:
    row = hour_of(Line(replies=tuple((sequence + base, 1.0) for sequence in came)))
    assert f"{row['conditional_loss_probability']:.3f}" == f"{clp:.3f}"


def test_the_line_of_the_documentation() -> None:
    summary = (217.482, 217.923, 219.169)
    lines = [Line(time=1301011226 + later, replies=tuple(enumerate(EXAMPLE)), summary=summary) for later in (0, 1800)]
    day = DAY.replace(2011, 3, 25)
    [row, _] = hourly(["\n".join(map(str, lines)).encode()], day, Nodes(is_open=True), (100,), False).values.rows(
        named=True
    )
    assert (row["samples"], row["sent"], row["received"]) == (2, 20, 20)
    got = {name: f"{row[name]:.3f}" for name in ("iqr", "throughput", "average_rtt", "minimum_rtt", "maximum_rtt")}
    assert got == {
        "iqr": "1.000", "throughput": "338.977", "average_rtt": "217.923", "minimum_rtt": "217.482",
        "maximum_rtt": "219.169",
    }  # fmt: skip


def test_hours_use_these_formulas() -> None:
    # A third of the way round the equator's half, which is 6671.696 km.
    nodes = Nodes({"a": Node("a", position=(0, 0)), "b": Node("b", position=(0, 60))})
    times = [40.0, 45, 50, 55, 60, 40, 50, 60, 50, 50]
    row = hour_of(Line("a", "b", replies=tuple(enumerate(times)), sent=20), nodes=nodes)
    assert f"{row['alpha']:.3f}" == "1.668"
    assert row["throughput"] == pytest.approx(8 * 1460 / (50 * 0.5**0.5))
    assert row["packet_loss"] == 50
    assert row["MOS"] == 1
