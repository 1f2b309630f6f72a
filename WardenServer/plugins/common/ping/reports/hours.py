"""The values of each hour, made of those of its samples: by pair of nodes, then by pair of sites.

The same samples in the same order give the same values to the last bit, on any machine. Of polars' engines only the one
in memory adds numbers up in their order; the other one adds them as its threads come.
"""

import polars

from WardenServer.plugins.common.ping.reports import formulas
from WardenServer.plugins.common.ping.reports.hourly import COUNTS, KEYS
from WardenServer.plugins.common.ping.reports.metrics import METRICS

#: The mean over those samples of the hour that have a value.
_MEANS = (
    "average_rtt", "ipdv", "iqr", "conditional_loss_probability", "duplicate_packets", "out_of_order_packets",
    "unreachability", "zero_packet_loss_frequency",
)  # fmt: skip
_SITES = {"src_site": "src", "dst_site": "dst"}


def by_node(samples: polars.DataFrame, pairs: polars.DataFrame) -> polars.DataFrame:
    """The hours of each pair of nodes, with the names of their sites, sorted. `sent` and `received` are of all samples,
    the unreachable among them.

    unpredictability needs two samples of either kind that have a value.
    """
    hours = samples.lazy().group_by("size", "pair", "time", maintain_order=True).agg(_of_samples())
    return (
        hours.join(pairs.lazy(), on="pair", how="left")
        .sort("size", "pair", "time")
        .with_columns(
            _even_of(formulas.SUCCESS_SIZE, "success"),
            _even_of(formulas.RATE_SIZE, "rate"),
            packet_loss=100 * polars.col("lost") / polars.col("asked"),
        )
        .with_columns(_of_others())
        .with_columns(polars.when(polars.col(name).is_finite()).then(polars.col(name)) for name in METRICS)
        .collect(engine="in-memory")
    )


def _of_samples() -> list[polars.Expr]:
    column = polars.col
    even = column("even")
    return [
        polars.len().cast(polars.Int64).alias("samples"),
        column("sent", "received", "lost", "asked").cast(polars.Int64).sum(),
        column(_MEANS).mean(),
        column("minimum_rtt").min(),
        column("maximum_rtt").max(),
        column("packet_loss").min().alias("minimum_packet_loss"),
        polars.when(even.count() > 1).then(even.mean() / even.max()),
    ]


def _even_of(size: int, name: str) -> polars.Expr:
    """What the pings of one size show, beside those of all sizes of the pair in that hour."""
    return polars.when(polars.col("size") == size).then("even").max().over("pair", "time").alias(name)


def _of_others() -> list[polars.Expr]:
    """The metrics that are made of those of the hour."""
    column = polars.col
    return [
        formulas.throughput(column("average_rtt"), column("lost"), column("asked")).alias("throughput"),
        formulas.mos(column("average_rtt"), column("ipdv"), column("packet_loss")).alias("MOS"),
        formulas.alpha(column("distance"), column("minimum_rtt")).alias("alpha"),
        formulas.unpredictability(column("success"), column("rate")).alias("unpredictability"),
    ]


def by_site(hours: polars.DataFrame) -> polars.DataFrame:
    """The hours of each pair of sites, sorted: the sum of the counts of their pairs of nodes, the mean of those values
    that there are."""
    keys = ("size", "src", "dst", "time")
    sites = hours.lazy().drop("src", "dst").rename(_SITES).group_by(keys, maintain_order=True)
    mean = sites.agg(polars.col(*COUNTS).sum(), polars.col(*METRICS).mean())
    return mean.sort(keys).collect(engine="in-memory")


def whole(hours: polars.DataFrame, by: str) -> polars.DataFrame:
    """The columns of hourly values, in their order."""
    return hours.select(polars.lit(by).alias("by"), *KEYS[1:], *COUNTS, *METRICS)
