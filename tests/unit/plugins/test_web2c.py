"""Answers of Web2c: what is taken of them, and what is refused."""

from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest

from WardenServer.plugins.common import conf_file, missing, web2c

ENTITIES = '<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><d><update><id>p</id><value>&b;</value></update></d>'
FILE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><data><update><id>p</id><value>&a;</value></update></data>'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (ENTITIES, "XML with entities, which is refused"), (FILE, "XML with entities, which is refused"),
        ("<data><update>", "no whole XML"), ("", "no whole XML"), ("<html>no session", "no whole XML"),
        ("{}", "no whole XML"),
    ],
)  # fmt: skip
def test_what_is_no_page_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        web2c.parse(text)


def test_a_doubled_end_of_style_is_repaired() -> None:
    root = web2c.parse("<d><style></style></style><update><id>a</id><value>1</value></update></d>")
    assert web2c.values(root, "h:1", "/w/page") == {"a": "1"}


def test_values_that_are_none_are_left_out_and_pictures_are_links() -> None:
    root = fromstring(
        "<d><update><id>a</id></update><update><value>1</value></update><update><id>b</id><value>.</value></update>"
        "<update><id>c</id><value/></update><update><id>d</id><value>x.PNG?1</value></update>"
        "<update><id>e</id><value>jpg</value></update><inner><update><id>f</id><value>1</value></update></inner></d>"
    )
    assert web2c.values(root, "h:1", "/web/Web2c?param=(open)p/x.xml") == {"d": "h:1/web/x.PNG?1", "e": "jpg"}


def test_conf_files(tmp_path: Path) -> None:
    path = tmp_path / "required.conf"
    path.write_bytes(b"\xef\xbb\xbf# first\r\n\r\n  TangoTest/1 \r\nTangoTest/1\n  # no\nGr\xc3\xb6\xc3\x9fe/1")
    assert conf_file.read(path) == ["TangoTest/1", "Größe/1"]
    path.write_bytes(b"")
    assert conf_file.read(path) == []
    path.write_bytes(b"Tango\xff/1")
    with pytest.raises(ValueError, match=r"required.conf is not UTF-8; save it as UTF-8"):
        conf_file.read(path)
    path.write_bytes(b"x" * (conf_file.LARGEST + 1))
    with pytest.raises(ValueError, match="has more than 1000000 bytes"):
        conf_file.read(path)
    path.unlink()
    with pytest.raises(FileNotFoundError, match=r"required.conf cannot be read .*; make it, one name a line"):
        conf_file.read(path)


def test_what_is_missing_is_new_once() -> None:
    assert missing.report(["A"], None) == {"servers": ["A"], "new": True, "errors": 1}
    assert missing.report(["A"], ["A", "B"]) == {"servers": ["A"], "new": False, "errors": 1}
    assert missing.report([], []) == {"servers": [], "new": False, "errors": 0}
