"""Whether a Memcached can be reached from other machines, by what it says of itself."""

import ipaddress


def exposure(place: str, listens: bytes | None) -> str:
    """A sentence with the cure when others than this computer reach a server; else nothing.

    Args:
        place: the server as we know it, host:port.
        listens: what it has for `inter` in its settings: its addresses with commas between, NULL for all; None when it
            says nothing of that.
    """
    said = place if listens is None else listens.decode("utf-8", "replace")
    if all(_is_loopback(address.strip()) for address in said.split(",")):
        return ""
    where = "all addresses" if said in ("NULL", "") else said
    if listens is None:
        where = "an address outside this computer"
    return (
        f"Memcached {place} listens on {where}: whoever reaches it can read and change all documents;"
        " start it with -l 127.0.0.1, or see that a firewall shuts its port"
    )


def _is_loopback(address: str) -> bool:
    """Of an address or name with or without a port."""
    host = address.rpartition(":")[0] if address.count(":") == 1 or address.startswith("[") else address
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"
