"""How this computer is doing: processor, memory, disks, network, temperatures.

Publishes, in the document "host":

    load_1, load_5, load_15        processes wanting to run, mean of the last 1, 5, 15 minutes
    cpu_percent                    busy share of all processors since the run before
    memory_total, memory_available, memory_percent      bytes, bytes, %
    swap_total, swap_free, swap_percent                 bytes, bytes, %
    processes, boot_time, uptime   number, Unix seconds, seconds
    disk_NAME_percent, _free       of each local disk, named after its mount point: disk_root_percent, disk_home_free
    network_NAME_received, _sent   bytes per second of each interface, such as network_eth0_received
    temperature_NAME               of each sensor the computer shows

Rates need an earlier run to compare with: in the first run they are null.

Network file systems are left out on purpose: asking a file server that is gone for its free space never returns.
"""

import time
from collections.abc import Iterable
from typing import Any

import psutil

from WardenServer import NoData
from WardenServer.agent import Agent
from WardenServer.plugins.common.naming import field_names

INTERVAL = 2.0

_LOAD = {"format": "%6.2f", "dtype": "float"}
_PERCENT = {"unit": "%", "format": "%5.1f", "dtype": "float"}
_BYTES = {"unit": "B", "format": "%d", "dtype": "int"}
_RATE = {"unit": "B/s", "format": "%10.0f", "dtype": "float"}
_SECONDS = {"unit": "s", "format": "%12.0f", "dtype": "float"}

FIELDS: dict[str, dict[str, Any]] = {
    "load_1": _LOAD | {"label": "load, 1 minute"},
    "load_5": _LOAD | {"label": "load, 5 minutes"},
    "load_15": _LOAD | {"label": "load, 15 minutes"},
    "cpu_percent": _PERCENT | {"label": "processors busy"},
    "memory_total": _BYTES | {"label": "memory"},
    "memory_available": _BYTES | {"label": "memory available", "doc": "What programs can still get without swapping."},
    "memory_percent": _PERCENT | {"label": "memory in use", "max_warning": 90},
    "swap_total": _BYTES | {"label": "swap"},
    "swap_free": _BYTES | {"label": "swap free"},
    "swap_percent": _PERCENT | {"label": "swap in use", "max_warning": 80},
    "processes": {"label": "number of processes", "format": "%d", "dtype": "int"},
    "boot_time": _SECONDS | {"label": "booted at", "doc": "Unix seconds."},
    "uptime": _SECONDS | {"label": "running for"},
}

#: Not shown: interfaces that containers and virtual machines make and remove, and images that are always full.
_VIRTUAL_INTERFACES = ("veth", "docker", "br-", "virbr", "ifb", "cali")
_IMAGES = ("squashfs", "iso9660", "erofs", "udf")

#: Of each counter, when it was last read and its value then.
_before: dict[str, tuple[float, float]] = {}


def work(agent: Agent) -> dict[str, Any]:
    """Look at everything once."""
    now = time.monotonic()
    fields = _system() | _memory()
    fields["cpu_percent"] = _rate("cpu", _busy_seconds(), now, 100 / (psutil.cpu_count() or 1))
    fields.update(_disks())
    fields.update(_network(now))
    fields.update(_temperatures())
    return fields


def _system() -> dict[str, Any]:
    load_1, load_5, load_15 = psutil.getloadavg()
    boot_time = float(psutil.boot_time())
    return {
        "load_1": load_1,
        "load_5": load_5,
        "load_15": load_15,
        "processes": len(psutil.pids()),
        "boot_time": boot_time,
        "uptime": time.time() - boot_time,
    }


def _memory() -> dict[str, Any]:
    memory, swap = psutil.virtual_memory(), psutil.swap_memory()
    return {
        "memory_total": memory.total,
        "memory_available": memory.available,
        "memory_percent": float(memory.percent),
        "swap_total": swap.total,
        "swap_free": swap.free,
        "swap_percent": float(swap.percent),
    }


def _busy_seconds() -> float:
    """Seconds all processors together have worked since the computer was started."""
    times = psutil.cpu_times()
    return sum(getattr(times, kind, 0.0) for kind in ("user", "nice", "system", "irq", "softirq", "steal"))


def _rate(counter: str, value: float, now: float, scale: float = 1.0) -> float | NoData:
    """What a counter has grown by per second since the run before, times `scale`."""
    then, last = _before.get(counter, (now, value))
    _before[counter] = (now, value)
    if now <= then:
        return NoData("a rate needs an earlier run to compare with")
    if value < last:
        return NoData("the counter was set back")
    return scale * (value - last) / (now - then)


def _disks() -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for mount_point, name in _mounts().items():
        fields[f"disk_{name}_percent"], fields[f"disk_{name}_free"] = _usage(mount_point)
    return fields


def _usage(mount_point: str) -> tuple[float | NoData, int | NoData]:
    try:
        usage = psutil.disk_usage(mount_point)
    except OSError as error:  # unmounted since the list was made, or broken
        return NoData(f"{mount_point}: {error.strerror}"), NoData(f"{mount_point}: {error.strerror}")
    return float(usage.percent), usage.free


def _mounts() -> dict[str, str]:
    """Mount points of local disks and their names; a disk that is mounted twice counts where its path is shortest."""
    where: dict[str, str] = {}
    for part in psutil.disk_partitions(all=False):  # False leaves out network and pseudo file systems
        if part.fstype not in _IMAGES:
            where[part.device] = min(where.get(part.device, part.mountpoint), part.mountpoint, key=len)
    mount_points = sorted(where.values())
    names = field_names(mount_point.strip("/") or "root" for mount_point in mount_points)
    return dict(zip(mount_points, names, strict=True))


def _network(now: float) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    counters = psutil.net_io_counters(pernic=True)
    for interface, name in _interfaces(counters).items():
        fields[f"network_{name}_received"] = _rate(f"{name} received", counters[interface].bytes_recv, now)
        fields[f"network_{name}_sent"] = _rate(f"{name} sent", counters[interface].bytes_sent, now)
    return fields


def _interfaces(present: Iterable[str]) -> dict[str, str]:
    interfaces = sorted(name for name in present if not name.startswith(_VIRTUAL_INTERFACES))
    return dict(zip(interfaces, field_names(interfaces), strict=True))


def _temperatures() -> dict[str, float]:
    sensors = [(chip, sensor) for chip, found in psutil.sensors_temperatures().items() for sensor in found]
    names = field_names(f"temperature {chip} {sensor.label}" for chip, sensor in sensors)
    return {name: float(sensor.current) for name, (_, sensor) in zip(names, sensors, strict=True)}


def _declare_what_is_there() -> None:
    """Disks, interfaces and sensors differ from computer to computer: those there at load get units and limits."""
    for name in _mounts().values():
        FIELDS[f"disk_{name}_percent"] = _PERCENT | {"label": f"disk {name} in use", "max_warning": 90}
        FIELDS[f"disk_{name}_free"] = _BYTES | {"label": f"disk {name} free"}
    for name in _interfaces(psutil.net_io_counters(pernic=True)).values():
        FIELDS[f"network_{name}_received"] = _RATE | {"label": f"{name} received"}
        FIELDS[f"network_{name}_sent"] = _RATE | {"label": f"{name} sent"}
    for name in _temperatures():
        FIELDS[name] = {"unit": "°C", "format": "%5.1f", "dtype": "float"}


_declare_what_is_there()
