"""The metrics that are made of others: SLAC's formulas, as expressions of polars."""

import polars

#: Bytes in a segment of TCP.
SEGMENT = 1460
#: What unpredictability is made of: the success of pings of the one size, and the rate of those of the other.
SUCCESS_SIZE, RATE_SIZE = 100, 1000
#: km that light goes in a fibre in 1 ms there and back.
LIGHT = 100


def throughput(rtt: polars.Expr, lost: polars.Expr, sent: polars.Expr) -> polars.Expr:
    """What TCP could reach, in kbit/s: 8 * MSS / (RTT * sqrt(p)) of Mathis and others, 1997. Where no packet was lost,
    half a packet counts as lost.

    Args:
        rtt: average, in ms.
        lost: packets.
        sent: packets.
    """
    part = polars.when(lost == 0).then(0.5).otherwise(lost) / sent
    return 8 * SEGMENT / (rtt * part.sqrt())


def mos(rtt: polars.Expr, ipdv: polars.Expr, loss: polars.Expr) -> polars.Expr:
    """How good a telephone call would be, 1 to 4.4: the mean opinion score by Nessoft's method.

    Args:
        rtt: average, in ms.
        ipdv: in ms.
        loss: in %.
    """
    effective = rtt + 2 * ipdv + 10
    delayed = polars.when(effective < 160).then(93.2 - effective / 40).otherwise(93.2 - (effective - 120) / 10)
    r = delayed - 2.5 * loss
    return polars.when(r < 0).then(1.0).otherwise(1 + 0.035 * r + 7e-6 * r * (r - 60) * (100 - r))


def alpha(distance: polars.Expr, rtt: polars.Expr) -> polars.Expr:
    """How direct the way is (directivity): the km of a great circle for each that light could have gone meanwhile.

    Args:
        distance: in km.
        rtt: smallest, in ms.
    """
    return distance / (rtt * LIGHT)


def unpredictability(success: polars.Expr, rate: polars.Expr) -> polars.Expr:
    """0 for a way that is always the same, up to 1. Both are mean / maximum over the samples of a time."""
    return ((1 - rate) ** 2 + (1 - success) ** 2).sqrt() / 2**0.5
