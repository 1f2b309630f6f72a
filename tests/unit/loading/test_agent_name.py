"""Names of agents: what is wrong with one, and one that would do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from WardenServer.loading.agent_name import _proposal, trouble


@pytest.mark.parametrize("name", ["ring", "Ring_2", "x" * 61])
def test_names_that_will_do(name: str) -> None:
    assert trouble(name) == ""


@pytest.mark.parametrize(
    ("name", "what", "proposal"),
    [
        ("größe", "has 'ö', 'ß'; only A-Z", "grosse would do"),
        ("gro\u0308\u00dfe", "has 'ö', 'ß'; only A-Z", "grosse would do"),  # as macOS writes it
        ("a-b", "has '-'", "a_b would do"),
        ("a b", "has ' '", "a_b would do"),
        ("a.b", "has '.'", "a_b would do"),
        ("1st", "begins with '1'", "agent_1st would do"),
        ("x" * 62, "has 62 characters; at most 61", f"{'x' * 61} would do"),
        ("Warden", "is the name of the hub itself", "such as Warden_1"),
    ],
)
def test_names_that_will_not_do(name: str, what: str, proposal: str) -> None:
    said = trouble(name)
    assert said.startswith(what)
    assert said.endswith(proposal)


@given(st.text(min_size=1))
def test_whatever_is_proposed_will_do(name: str) -> None:
    assert trouble(_proposal(name)) == "" or _proposal(name).lower() == "warden"
