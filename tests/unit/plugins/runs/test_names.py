"""Names and texts as any database holds them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from WardenServer.plugins.common.runs.names import LONGEST, clean, kept

anything = st.text(st.characters(exclude_categories=()))


@given(anything)
def test_all_can_be_kept_and_stays_as_it_is_then(text: str) -> None:
    for change in (clean, kept):
        once = change(text)
        assert "\0" not in once.encode().decode()
        assert change(once) == once


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=LONGEST // 4))
def test_what_is_usual_is_not_changed(text: str) -> None:
    assert clean(text) == kept(text) == text


@pytest.mark.parametrize("sign", ["a", "ä", "漢", "\U0001f600"])
def test_a_long_name_is_cut_and_stays_different_from_others(sign: str) -> None:
    one, other = kept(sign * 1000 + "1"), kept(sign * 1000 + "2")
    assert one != other
    assert len(one.encode()) <= LONGEST
    assert one.startswith(sign * 100)
    assert kept(one) == one
    assert kept(sign * (LONGEST // len(sign.encode()))) == sign * (LONGEST // len(sign.encode()))
