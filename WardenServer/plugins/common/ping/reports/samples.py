"""The values of each sample, that is of each raw line."""

from concurrent.futures import ThreadPoolExecutor

import polars

from WardenServer.plugins.common.ping.reports import replies
from WardenServer.plugins.common.ping.reports.formulas import RATE_SIZE, SUCCESS_SIZE

#: Threads that look at the lists of replies: numpy uses one core each, and lets go of the interpreter most of the time.
_THREADS = 2


def measured(samples: polars.DataFrame, unreachable_is_loss: bool) -> polars.DataFrame:
    """The samples with their values beside them, null where there is none.

    A sample with nothing received is unreachable. Its `packet_loss` is null then, and so are `lost` and `asked`, the
    packets that count for it, unless `unreachable_is_loss`. More replies than pings are no loss. `even` is what
    unpredictability compares: the part of the pings that came back, or of the larger pings a rate.
    """
    sent, received, size = polars.col("sent"), polars.col("received"), polars.col("size")
    counts = polars.lit(unreachable_is_loss) | (received > 0)
    known = _with_replies(samples).with_columns(
        lost=polars.when(counts).then((sent - received).clip(lower_bound=0)),
        asked=polars.when(counts).then(sent),
        unreachability=(received == 0).cast(polars.Float64),
        zero_packet_loss_frequency=polars.when(received >= sent).then(100.0).otherwise(0.0),
    )
    success = 1 - polars.col("lost") / polars.col("asked")
    rate = polars.when(polars.col("average_rtt") > 0).then(1 / polars.col("average_rtt"))
    all_lost = polars.when(received == 0).then(polars.when(sent > 1).then(100.0).otherwise(0.0))
    return known.with_columns(
        packet_loss=100.0 * polars.col("lost") / polars.col("asked"),
        even=polars.when(size == SUCCESS_SIZE).then(success).when(size == RATE_SIZE).then(rate),
        conditional_loss_probability=polars.coalesce(all_lost, "conditional_loss_probability"),
    )


def _with_replies(samples: polars.DataFrame) -> polars.DataFrame:
    """The samples with what their lists of replies say."""
    parts = list(samples.iter_slices(max(1, -(-len(samples) // _THREADS)))) or [samples]
    with ThreadPoolExecutor(_THREADS) as threads:
        return polars.concat(threads.map(replies.measured, parts))
