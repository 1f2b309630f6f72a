"""A program that answers pings as its script says, where the kernel does not answer itself.

It reads the script as one line of JSON, says "ready", and ends when its input does. The script has, for each address
that is pinged, a list for each ping in the order in which they come, with the answers to it:

    {"127.0.0.5": [[{}], [], [{"delay": 20}, {}], [{"after": 4}], [{}]]}

`delay`: ms until it goes, from when the ping was read. `after`: it goes right after the answers to that ping, which may
be its own. `wrong`: what is not as it should be, see WRONG. `from`: the address that it comes from.
"""

import heapq
import itertools
import json
import select
import socket
import struct
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

_HEAD = struct.Struct("!BBHHH")
_IP_PKTINFO = 8
_REPLY = {socket.AF_INET: 0, socket.AF_INET6: 129}
_REQUEST = {socket.AF_INET: 8, socket.AF_INET6: 128}

#: Type, code, identifier, sequence, payload of an answer; what is done to it.
Answer = list[Any]
WRONG: dict[str, Callable[[Answer], Answer]] = {
    "code": lambda a: [a[0], 1, *a[2:]],
    "identifier": lambda a: [*a[:2], a[2] ^ 1, *a[3:]],
    "sequence": lambda a: [*a[:3], (a[3] + 1000) & 0xFFFF, a[4]],
    "payload": lambda a: [*a[:4], a[4][:-1] + bytes([a[4][-1] ^ 1])],
    "token": lambda a: [*a[:4], bytes(16) + a[4][16:]],
    "cut": lambda a: [*a[:4], a[4][:-1]],
    "longer": lambda a: [*a[:4], a[4] + b"\0"],
    "empty": lambda a: [*a[:4], b""],
    "checksum": lambda a: a,
}


class Responder:
    def __init__(self, script: dict[str, Any]) -> None:
        self._script = script
        self._seen: dict[str, int] = defaultdict(int)
        self._held: dict[tuple[str, int], list[Callable[[], None]]] = defaultdict(list)
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._number = itertools.count()
        self._sockets = [self._open(family) for family in (socket.AF_INET, socket.AF_INET6)]

    def _open(self, family: int) -> socket.socket:
        protocol = socket.IPPROTO_ICMP if family == socket.AF_INET else socket.IPPROTO_ICMPV6
        made = socket.socket(family, socket.SOCK_RAW, protocol)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        if family == socket.AF_INET:
            made.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
        else:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
        return made

    def run(self) -> None:
        print("ready", flush=True)
        while True:
            wait = max(0.0, self._due[0][0] - time.monotonic()) if self._due else None
            ready = select.select([sys.stdin, *self._sockets], [], [], wait)[0]
            if sys.stdin in ready:
                return
            for each in ready:
                self._take(each)
            while self._due and self._due[0][0] <= time.monotonic():
                heapq.heappop(self._due)[2]()

    def _take(self, on: socket.socket) -> None:
        data, notes, _, sender = on.recvmsg(1 << 16, 256)
        if on.family == socket.AF_INET:
            data, to = data[(data[0] & 15) * 4 :], socket.inet_ntoa(notes[0][2][8:12])
        else:
            to = socket.inet_ntop(socket.AF_INET6, notes[0][2][:16])
        kind, _, _, identifier, sequence = _HEAD.unpack_from(data)
        if kind != _REQUEST[on.family] or to not in self._script:
            return
        place = self._seen[to]
        self._seen[to] += 1
        for answer in self._script[to][place] if place < len(self._script[to]) else []:
            self._plan(on, to, sender[0], [_REPLY[on.family], 0, identifier, sequence, data[8:]], answer)
        for held in self._held.pop((to, place), []):
            held()

    def _plan(self, on: socket.socket, me: str, to: str, echo: Answer, answer: dict[str, Any]) -> None:
        def send() -> None:
            _send(on, answer.get("from", me), to, echo, answer.get("wrong", ""))

        if "after" in answer:
            self._held[me, answer["after"]].append(send)
        elif delay := answer.get("delay"):
            heapq.heappush(self._due, (time.monotonic() + delay / 1000, next(self._number), send))
        else:
            send()


def _checksum(packet: bytes) -> int:
    even = packet + b"\0" * (len(packet) % 2)
    total = sum(struct.unpack(f"!{len(even) // 2}H", even))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _send(on: socket.socket, me: str, to: str, echo: Answer, wrong: str) -> None:
    kind, code, identifier, sequence, payload = WRONG[wrong](echo) if wrong else echo
    packet = _HEAD.pack(kind, code, 0, identifier, sequence) + payload
    if on.family == socket.AF_INET:
        packet = packet[:2] + struct.pack("!H", _checksum(packet) ^ (wrong == "checksum")) + packet[4:]
        note = (socket.IPPROTO_IP, _IP_PKTINFO, struct.pack("=I4s4s", 0, socket.inet_aton(me), bytes(4)))
    else:
        info = struct.pack("=16sI", socket.inet_pton(socket.AF_INET6, me), 0)
        note = (socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, info)
    on.sendmsg([packet], [note], 0, (to, 0))


if __name__ == "__main__":
    Responder(json.loads(sys.stdin.readline())).run()
