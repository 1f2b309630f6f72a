"""The .conf files of P02.2: one entry a line, # begins a comment, what comes twice counts once."""

from pathlib import Path

#: Bytes of a file; more is something else.
LARGEST = 1_000_000


def read(path: Path) -> list[str]:
    """The entries of a file, in their order.

    Raises:
        OSError: it cannot be read; the text has the cure.
        ValueError: it is no text in UTF-8, or too large.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        cure = "make it, one name a line, or correct the setting" if not path.exists() else "correct its rights"
        raise type(error)(f"{path} cannot be read ({error.strerror}); {cure}") from None
    if len(content) > LARGEST:
        raise ValueError(f"{path} has more than {LARGEST} bytes; is it a list of names?")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not UTF-8; save it as UTF-8") from None
    lines = (line.strip() for line in text.splitlines())
    return list(dict.fromkeys(line for line in lines if line and not line.startswith("#")))
