"""A day of raw data of many pairs, as monitoring hosts write it, with the table of nodes that it belongs to.

Of the lines most are whole. Some have lost replies, double ones, late ones, or none; some are old, cut short, mangled,
of another day, of a host that is no node, or there twice.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import NamedTuple

from WardenServer.plugins.common.ping.archive.nodes import Node, Nodes

DAY = date(2026, 3, 1)
BEGIN = int(datetime(DAY.year, DAY.month, DAY.day, tzinfo=UTC).timestamp())
#: Rounds a day, and seconds between two; bytes of the pings, and how many.
ROUNDS, PERIOD, SIZES, SENT = 48, 1800, (100, 1000), 10
#: At most so many hosts measure.
MONITORS = 10


class Pair(NamedTuple):
    """A host that measures, one that is pinged, the usual time in ms, and the part of the packets that are lost."""

    src: str
    dst: str
    rtt: float
    loss: float


def nodes(pairs: int) -> Nodes:
    """All hosts; three in a row are one site, and of some the position is not known."""
    measuring, pinged = _names(pairs)
    draw = random.Random(pairs)
    found = [_node(place, name, draw) for names in (measuring, pinged) for place, name in enumerate(names)]
    return Nodes({node.name: node for node in found})


def raw(pairs: int) -> list[bytes]:
    """The lines of each host that measures, by its number: the same for the same number of pairs."""
    draw = random.Random(pairs)
    measuring, _ = _names(pairs)
    lines: dict[str, list[str]] = {name: [] for name in measuring}
    for pair in _pairs(pairs, draw):
        for time in range(BEGIN, BEGIN + ROUNDS * PERIOD, PERIOD):
            lines[pair.src] += _spoilt(draw, [_line(draw, pair, time + draw.randrange(PERIOD), size) for size in SIZES])
    return ["".join(f"{line}\n" for line in each).encode() for each in lines.values()]


def _names(pairs: int) -> tuple[list[str], list[str]]:
    measuring = min(MONITORS, pairs)
    pinged = -(-pairs // measuring)
    return (
        [f"monitor{number}.example.org" for number in range(measuring)],
        [f"host{number}.example.net" for number in range(pinged)],
    )


def _node(place: int, name: str, draw: random.Random) -> Node:
    site = f"{name.rpartition('.example.')[2].upper()}.SITE{place // 3}"
    position = (draw.uniform(-60, 70), draw.uniform(-180, 180)) if place % 7 else None
    return Node(name, site=site, position=position)


def _pairs(number: int, draw: random.Random) -> Sequence[Pair]:
    measuring, pinged = _names(number)
    found = [(src, dst) for dst in pinged for src in measuring][:number]
    return [Pair(*names, 10 ** draw.uniform(-1, 2.6), draw.choice((0.0, 0.0, 0.001, 0.02, 0.3))) for names in found]


# -- lines


def _line(draw: random.Random, pair: Pair, time: int, size: int) -> str:
    name = pair.src if draw.random() < 0.9 else pair.src.title()
    shown = size if size > 100 or draw.random() < 0.98 else 56
    head = f"{name} 192.0.2.1 {pair.dst} 198.51.100.7 {shown} {time} {SENT}"
    replies = [] if draw.random() < 0.02 else [each for each in range(SENT) if draw.random() >= pair.loss]
    if not replies:
        return f"{head} 0"
    numbers = _disturbed(draw, replies)
    times = [pair.rtt * (1 + draw.expovariate(20)) for _ in numbers]
    summary = f"{min(times):.3f} {sum(times) / len(times):.3f} {max(times):.3f}"
    base = hash_of(pair.src) % 2  # some programs count from 1
    listed = " ".join([*(str(each + base) for each in numbers), *map(_digits, times)])
    return f"{head} {len(numbers)} {summary} {listed}"


def hash_of(name: str) -> int:
    """The same in every process."""
    return sum(name.encode())


def _disturbed(draw: random.Random, numbers: list[int]) -> list[int]:
    """Some come twice, some late."""
    if draw.random() < 0.01:
        numbers = [*numbers, draw.choice(numbers)]
    if draw.random() < 0.02:
        numbers = draw.sample(numbers, len(numbers))
    return numbers


def _digits(time: float) -> str:
    return next((f"{time:.{3 - digits}f}" for digits in range(3) if time < 10**digits), f"{time:.0f}")


# -- what is wrong with some


def _spoilt(draw: random.Random, lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        kind = draw.random()
        yield draw.choice(_SPOILERS)(draw, line) if kind < 0.02 else line
        if kind > 0.999:
            yield line


def _field(place: int, text: str) -> Callable[[random.Random, str], str]:
    def spoil(draw: random.Random, line: str) -> str:
        fields = line.split(" ")
        return " ".join([*fields[:place], text, *fields[place + 1 :]])

    return spoil


_SPOILERS: tuple[Callable[[random.Random, str], str], ...] = (
    lambda draw, line: line[: draw.randrange(len(line))],  # the disk was full
    lambda draw, line: " ".join(line.split(" ")[:11]),  # old: without a list of replies
    lambda draw, line: " ".join(line.split(" ")[:6]),  # old, without the remote address
    lambda draw, line: line.rpartition(" ")[0],  # a list of odd length
    lambda draw, line: " ".join([*line.split(" ")[:11], "nonsense", *line.split(" ")[12:]]),
    _field(1, "unknown"),
    _field(2, "stranger.example.com"),
    _field(5, str(BEGIN - 1)),
    _field(5, str(BEGIN + 86_400)),
    _field(6, "ten"),
    _field(7, "0"),
    _field(7, "12"),
    _field(8, "nan"),
)
