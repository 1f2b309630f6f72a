"""Names and addresses of hosts as people write them. They stand in raw lines and become names of folders."""

import ipaddress
import re

LONGEST = 253  # signs of a name in DNS
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_SCOPE = re.compile(r"[A-Za-z0-9_.-]+")


def host_name(text: str) -> str:
    """A name as DNS has it, without the dot at its end, or an address. Letters of other alphabets are encoded as DNS
    wants them (IDNA).

    Raises:
        ValueError: it is neither, or would be a path or an option of a program; the text says what to write.
    """
    if ":" in text or ("." in text and text.rpartition(".")[2].isdigit()):
        return address(text)
    name = _encoded(text).removesuffix(".")
    if not _NAME.fullmatch(name) or len(name) > LONGEST or ".." in name or name.isdigit():
        raise ValueError("a name of letters, digits, . - and _, or an address")
    return name


def address(text: str) -> str:
    """An address of one host, IPv4 or IPv6, in its usual form; that of a link keeps its interface, as in fe80::1%eth0.

    Raises:
        ValueError: it is none; the text says what to write.
    """
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        raise ValueError("an address, such as 192.0.2.1 or 2001:db8::1") from None
    scope = getattr(found, "scope_id", None)
    if scope is not None and not _SCOPE.fullmatch(scope):
        raise ValueError("an address with the name of an interface, such as fe80::1%eth0")
    if found.is_multicast or found.is_unspecified or text == "255.255.255.255":
        raise ValueError("the address of one host")
    return str(found)


def is_address(text: str) -> bool:
    """Whether it is an address and needs no DNS."""
    try:
        return bool(address(text))
    except ValueError:
        return False


def protocol_of(text: str) -> str:
    """ "IPv4" or "IPv6" for an address, "" for a name."""
    if not is_address(text):
        return ""
    return "IPv6" if ":" in text else "IPv4"


def _encoded(text: str) -> str:
    if text.isascii() or len(text) > LONGEST:
        return text
    try:
        return text.encode("idna").decode("ascii")
    except UnicodeError:
        return ""
