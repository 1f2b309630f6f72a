"""The sixteen metrics: names as PingER's folders have them, units, and which packet sizes they are made of."""

from typing import NamedTuple


class Metric(NamedTuple):
    """One metric. `mixes` is whether it is made of all packet sizes and stands with the same value under each."""

    name: str
    unit: str
    mixes: bool = False


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("average_rtt", "ms"),
        Metric("minimum_rtt", "ms"),
        Metric("maximum_rtt", "ms"),
        Metric("packet_loss", "%"),
        Metric("minimum_packet_loss", "%"),
        Metric("throughput", "kbit/s"),
        Metric("ipdv", "ms"),
        Metric("iqr", "ms"),
        Metric("conditional_loss_probability", "%"),
        Metric("duplicate_packets", ""),
        Metric("out_of_order_packets", ""),
        Metric("unpredictability", "", mixes=True),
        Metric("unreachability", ""),
        Metric("zero_packet_loss_frequency", "%"),
        Metric("MOS", ""),
        Metric("alpha", ""),
    )
}
