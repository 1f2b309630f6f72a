"""Lists of hosts: PingER's beacon lines, and our own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from WardenServer.errors import SettingError
from WardenServer.plugins.common.ping.hosts import Host, Pings, of_one_name, read_lines, read_list

DEFAULT = Host("", pings=(Pings(5, 200), Pings(7, 900)), wait=0.5)


def one(line: str) -> Host:
    (host,), left_out = read_list(line, DEFAULT)
    assert not left_out
    return host


@pytest.mark.parametrize(
    ("line", "name", "address", "pings"),
    [
        ("www.desy.de", "www.desy.de", "", DEFAULT.pings),
        ("www.desy.de 131.169.5.1", "www.desy.de", "131.169.5.1", DEFAULT.pings),
        ("a.b 192.0.2.1 send=3 size=64", "a.b", "192.0.2.1", (Pings(3, 64),)),
        ("a.b size=64 192.0.2.1 send=3#slow", "a.b", "192.0.2.1", (Pings(3, 64),)),
        ("a.b send=3!gone # twice", "a.b", "", (Pings(3, 200),)),
        ("a.b\tsize=64\t", "a.b", "", (Pings(5, 64),)),
        ("a.b 2001:DB8::0001 log=1\r", "a.b", "2001:db8::1", DEFAULT.pings),
        ("::1", "::1", "", DEFAULT.pings),
        ("fe80::1%eth0", "fe80::1%eth0", "", DEFAULT.pings),
        ("www.desy.de.", "www.desy.de", "", DEFAULT.pings),
        ("bücher.example", "xn--bcher-kva.example", "", DEFAULT.pings),
        ("\ufeffa_b-1", "a_b-1", "", DEFAULT.pings),
        ("a.b SEND=1", "a.b", "", (Pings(1, 200),)),
    ],
)
def test_a_line(line: str, name: str, address: str, pings: tuple[Pings, ...]) -> None:
    assert one(line) == Host(name, address, pings, wait=0.5)


def test_all_attributes() -> None:
    line = "a.b log=reduced protocol=IPv6 wait=0.25 cache=no alarm=no gateway=192.0.2.1 enabled=yes"
    assert one(line) == Host("a.b", "", DEFAULT.pings, 0.25, False, "IPv6", False, False, "192.0.2.1")


@pytest.mark.parametrize("line", ["", "   ", "# a.b", "! a.b", " #", "a.b enabled=no"])
def test_lines_without_host_and_without_sentence(line: str) -> None:
    assert read_list(line, DEFAULT) == ((), ())


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("../x", "name is '../x'; write a name of letters"),
        ("..", "write a name"),
        ("-f", "write a name"),
        ("a/b", "write a name"),
        ("a..b", "write a name"),
        ("2130706433", "write a name"),
        ("a\x00b", "write a name"),
        ("x" * 254, "write a name"),
        ("ü" * 300, "write a name"),
        ("192.0.2", "write an address"),
        ("192.0.2.300", "write an address"),
        ("a:b", "write an address"),
        ("fe80::1%../x", "write an address"),
        ("fe80::1%é", "name of an interface"),
        ("224.0.0.1", "the address of one host"),
        ("a.b 255.255.255.255", "the address of one host"),
        ("a.b c.d", "address is 'c.d'; write an address"),
        ("a.b 192.0.2.1 192.0.2.2", "'192.0.2.2' has no meaning"),
        ("a.b sned=3", "unknown attribute 'sned'; did you mean \"send\"?"),
        ("a.b =3", "unknown attribute ''; there are"),
        ("a.b send=0", "write a whole number from 1 to 1000"),
        ("a.b send=٣", "write a whole number from 1 to 1000"),
        ("a.b send=", "write a whole number from 1 to 1000"),
        ("a.b size=15", "write a whole number from 16 to 65507"),
        ("a.b size=65508", "from 16 to 65507"),
        ("a.b size=100 size=200", "size is there twice; take one out"),
        ("a.b wait=0", "write seconds, from 0.01 to 60"),
        ("a.b wait=nan", "write seconds, from 0.01 to 60"),
        ("a.b log=some", "write full or reduced"),
        ("a.b cache=maybe", "write yes or no"),
        ("a.b gateway=../x", "gateway is '../x'"),
        ("a.b 192.0.2.1 protocol=IPv6", "192.0.2.1 is no address of IPv6"),
        ("192.0.2.1 192.0.2.2", "the name is an address; take 192.0.2.2 out"),
        ("::1 protocol=ipv4", "::1 is no address of IPv4"),
    ],
)
def test_lines_that_mean_nothing(line: str, said: str) -> None:
    hosts, left_out = read_list(f"good.example\n{line}\nother.example", DEFAULT)
    assert [host.name for host in hosts] == ["good.example", "other.example"]
    assert [text.startswith("line 2, ") and said in text for text in left_out] == [True], left_out
    with pytest.raises(SettingError) as raised:
        read_lines(["good.example", line], DEFAULT, "[ping]: hosts")
    assert str(raised.value).startswith("[ping]: hosts: ")
    assert said in str(raised.value)


def test_of_one_name_the_first_counts() -> None:
    hosts, left_out = read_list("a.b size=100\nA.B size=200\na.b. size=300", DEFAULT)
    assert [host.pings[0].size for host in hosts] == [100]
    assert ["this name is there already" in text for text in left_out] == [True, True]
    with pytest.raises(SettingError, match=r"'A\.B'.*take one of the lines out"):
        read_lines(["a.b", "A.B"], DEFAULT, "[ping]: hosts")
    own, others = read_list("a.b", DEFAULT)[0], read_list("A.B 192.0.2.1\nc.d", DEFAULT)[0]
    assert of_one_name([*own, *others]) == (own[0], others[1])


WORDS = st.sampled_from(
    ["a.b", "::1", "192.0.2.1", "send=3", "size=64", "size=", "log=2", "#", "!", "=", "\x00", "\n", "\r", " ", "é", "%"]
)


@given(st.lists(WORDS | st.text(max_size=5)))
def test_no_text_raises_and_each_name_can_be_a_folder_and_a_field(words: list[str]) -> None:
    hosts, left_out = read_list(" ".join(words), DEFAULT)
    for host in hosts:
        assert host.name.isascii() and not set(host.name) & set("/ \\\x00") and host.name not in ("", ".", "..")
        assert not host.name.startswith("-")
    assert all(text.isprintable() for text in left_out)
    assert len({host.name.lower() for host in hosts}) == len(hosts)


ATTRIBUTES = {"send": st.integers(1, 1000), "size": st.integers(16, 65507), "log": st.integers(0, 9)}


@given(st.fixed_dictionaries({}, optional=ATTRIBUTES), st.booleans(), st.permutations(range(4)), st.sampled_from("#!"))
def test_attributes_may_stand_in_any_order_and_touch_the_comment(
    said: dict[str, int], has_address: bool, order: list[int], sign: str
) -> None:
    words = [f"{name}={value}" for name, value in said.items()] + (["192.0.2.1"] if has_address else [])
    placed = [words[place] for place in order if place < len(words)]
    host = one(" ".join(["a.b", *placed]) + f"{sign} send=999 {sign}")
    wanted = (Pings(said.get("send", 5), said.get("size", 200)),) if {"send", "size"} & said.keys() else DEFAULT.pings
    assert (host.pings, host.address) == (wanted, "192.0.2.1" if has_address else "")
