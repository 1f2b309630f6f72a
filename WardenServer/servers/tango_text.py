"""Text as Tango can carry it: Latin-1. Signs outside it get their usual spelling: Ohm for Ω, cm^-1 for cm⁻¹."""

import re
import unicodedata
from collections.abc import Mapping

from anyascii import anyascii

#: Spellings of signs, and of Greek letters that are symbols, where anyascii or Unicode have others.
_SIGNS = {
    "→": "->", "←": "<-", "↔": "<->", "⇒": "=>", "⇐": "<=", "⇔": "<=>", "‰": "permille", "≈": "~", "⌀": "diameter ",
}  # fmt: skip
_SYMBOLS = {"Ω": "Ohm", "μ": "µ", "λ": "lambda", "Λ": "Lambda"}
_SUPERSCRIPTS = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁱⁿ]+")
_GREEK_SYMBOLS = re.compile(r"(?<![\u0370-\u03ff])[\u0391-\u03c9]{1,2}(?![\u0370-\u03ff])")


def latin1(text: str) -> str:
    """The text in Latin-1, without NUL. What Latin-1 has, such as µ, °, ² and umlauts, stays."""
    text = text.replace("\0", "?")
    if _fits(text):
        return text
    text = _SUPERSCRIPTS.sub(_power, unicodedata.normalize("NFC", text))
    return _GREEK_SYMBOLS.sub(_names, text).translate(_SPELLINGS)


def replaced(properties: Mapping[str, str]) -> list[str]:
    """A sentence for each property of an attribute that Tango cannot show as it is."""
    shown = {name: latin1(said) for name, said in properties.items()}
    return [
        f'its {name} "{properties[name]}" is shown as "{text}" in Tango, which has Latin-1 only'
        for name, text in shown.items()
        if text != properties[name]
    ]


def _fits(text: str) -> bool:
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True


def _power(found: re.Match[str]) -> str:
    if _fits(found[0]):
        return found[0]
    return "^" + unicodedata.normalize("NFKC", found[0]).replace("\u2212", "-")


def _names(found: re.Match[str]) -> str:
    """One or two Greek letters are symbols, no word: 2θ is 2theta."""
    return "".join(_SYMBOLS.get(letter) or _name(letter) for letter in found[0])


def _name(letter: str) -> str:
    name = unicodedata.name(letter, "?").rpartition(" ")[2]
    return name.lower() if letter.islower() else name.capitalize()


class _Spellings(dict[int, str]):
    """The spelling of each sign outside Latin-1, found when it is first asked for."""

    def __missing__(self, code: int) -> str:
        self[code] = spelling = _spelling(chr(code))
        return spelling


def _spelling(sign: str) -> str:
    plain = unicodedata.normalize("NFKC", sign)
    if _fits(sign) or sign in _SIGNS:
        return _SIGNS.get(sign, sign)
    if len(plain) > 1:  # such as one sign for kΩ
        return latin1(plain)
    shows_nothing = unicodedata.category(sign) in ("Cf", "Mn", "Me")
    return anyascii(plain) or ("" if shows_nothing else "?")


_SPELLINGS = _Spellings()
