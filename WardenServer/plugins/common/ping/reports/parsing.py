"""Raw lines as a frame, one row a sample.

    src_name src_ip dst_name dst_ip size unixtime sent rcvd [min avg max [seq1..seqN rtt1..rttN]]

A line of 6 fields is an old one that lost the remote address; it is counted and left out. 8 fields are a sample without
any reply. Anything else than 8, or 11 and more, is mangled, as is a line whose fields cannot be what they stand for.
"""

import io
from typing import NamedTuple

import polars

#: The fields of a line; "list" is all that follows the eleventh.
FIELDS = (
    "src", "src_address", "dst", "dst_address", "size", "unix", "sent", "received",
    "minimum_rtt", "average_rtt", "maximum_rtt", "list",
)  # fmt: skip
TIMES = ("minimum_rtt", "average_rtt", "maximum_rtt")
#: Smaller pings read as this.
SMALLEST = 100
#: A reply takes less than a day, in ms; what is longer is no time.
LONGEST = 86_400_000.0

#: A byte that a line cannot have: reading splits lines there. Where it stands in the data, another takes its place.
_NEVER, _INSTEAD = b"\x01", b"\x02"
_ADDRESS = r"^(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]+(?:%[0-9A-Za-z._-]+)?)$"


class Parsed(NamedTuple):
    """What a file says: the samples, and how many lines it has, old and mangled ones among them."""

    samples: polars.DataFrame
    lines: int
    old: int
    mangled: int


def parse(raw: bytes) -> Parsed:
    """The samples of raw data. Columns: those of FIELDS, without src_address; sizes and counts are Int32, times in ms.

    Empty lines count for nothing, and neither does "No data", by which a monitoring host says that it has none. Lines
    may end in CR LF, and have several blanks or tabs between fields. Where nothing was received, RTTs and list are
    null.
    """
    line = polars.col("line")
    lines = _lines(raw).filter((line != "") & (line != "No data")).lazy()
    fields = lines.select(line.str.splitn(" ", len(FIELDS)).struct.rename_fields(FIELDS).struct.unnest())
    read = fields.with_columns(_numbers()).with_columns(is_sample=_is_sample()).collect(engine="streaming")
    samples = read.filter("is_sample").select(_columns())
    old = int(read["is_old"].sum())
    return Parsed(samples, len(read), old, len(read) - len(samples) - old)


def _lines(raw: bytes) -> polars.DataFrame:
    """The lines, with one blank between fields and none at the ends."""
    raw = raw.replace(b"\r", b"\n").replace(b"\t", b" ").replace(_NEVER, _INSTEAD)
    frame = polars.read_csv(
        io.BytesIO(raw), has_header=False, schema={"line": polars.String}, separator=_NEVER.decode(),
        quote_char=None, encoding="utf8-lossy",
    )  # fmt: skip
    line = polars.col("line").str
    if frame.select((line.contains("  ", literal=True) | line.starts_with(" ") | line.ends_with(" ")).any()).item():
        return frame.with_columns(line.replace_all(" {2,}", " ").str.strip_chars(" "))
    return frame


def _numbers() -> list[polars.Expr]:
    """Texts as numbers, null where they are none, and what the number of fields says."""
    column = polars.col
    return [
        column("size", "sent", "received").cast(polars.Int32, strict=False),
        column("unix").cast(polars.Int64, strict=False),
        column(TIMES).cast(polars.Float64, strict=False),
        (column("unix").is_not_null() & column("sent").is_null()).alias("is_old"),
        column("minimum_rtt").is_null().alias("is_silent"),
        (column("minimum_rtt").is_not_null() & column("maximum_rtt").is_null()).alias("is_cut"),
    ]


def _is_sample() -> polars.Expr:
    """Whether a line is that of a sample."""
    low, mean, high = map(polars.col, TIMES)
    received = polars.col("received")
    is_timed = (low >= 0) & (low <= high) & (high <= LONGEST) & mean.is_between(0, LONGEST)
    return polars.all_horizontal(
        polars.col("src_address").str.contains(_ADDRESS),
        polars.col("size", "unix").is_not_null(),
        polars.col("sent") >= 1,
        received >= 0,
        ~polars.col("is_cut"),
        polars.col("is_silent") | (received == 0) | is_timed,
    )


def _columns() -> list[polars.Expr]:
    """What is kept of a line that is that of a sample."""
    received = polars.when("is_silent").then(0).otherwise("received").cast(polars.Int32)
    return [
        polars.col("src", "dst", "dst_address", "unix", "sent"),
        polars.col("size").clip(lower_bound=SMALLEST),
        received.alias("received"),
        polars.when(received > 0).then(polars.col(*TIMES, "list")),
    ]
