"""Text outside Latin-1 has a spelling that people know."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from WardenServer.servers.tango_text import latin1, replaced


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("kΩ", "kOhm"),
        ("k\u2126", "kOhm"),
        ("cm⁻¹", "cm^-1"),
        ("10⁻³ mbar", "10^-3 mbar"),
        ("µm, °C, m/s², 10¹², ½, ±, ×, Å", "µm, °C, m/s², 10¹², ½, ±, ×, Å"),
        ("\u03bcm", "µm"),
        ("\u212b", "Å"),
        ("℃", "°C"),
        ("a\u0301", "á"),
        ("2θ", "2theta"),
        ("Δλ", "Deltalambda"),
        ("Θερμά", "Therma"),
        ("㏀, ㎛", "kOhm, µm"),
        ("a → b", "a -> b"),
        ("“it’s” – …", "\"it's\" - ..."),
        ("−5", "-5"),
        ("H₂O", "H2O"),
        ("Температура", "Temperatura"),
        ("温度", "WenDu"),
        ("a\u200bb", "ab"),
        ("\udc80\ue000\0", "???"),
    ],
)
def test_the_usual_spelling(text: str, shown: str) -> None:
    assert latin1(text) == shown


@given(st.text())
def test_any_text_fits_and_stays_once_it_does(text: str) -> None:
    shown = latin1(text)
    assert "\0" not in shown
    assert shown.encode("latin-1").decode("latin-1") == latin1(shown)


def test_what_is_shown_in_other_words_is_said() -> None:
    assert replaced({"unit": "µm", "label": "Shutter"}) == []
    assert replaced({"unit": "Ω", "label": "R"}) == [
        'its unit "Ω" is shown as "Ohm" in Tango, which has Latin-1 only'
    ]
