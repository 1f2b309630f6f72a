"""Copies of templates for `warden new`."""

import ast
import os
from pathlib import Path

import pytest

from WardenServer.authoring import templates
from WardenServer.errors import WardenError
from WardenServer.loading.loader import SHIPPED


def test_all_templates_are_known_with_a_line_about_each() -> None:
    known = templates.known()
    assert {"array", "http_json", "minimal", "state", "tango"} <= set(known)
    assert list(known) == sorted(known)
    assert all(len(line) > 20 and "\n" not in line for line in known.values())


@pytest.mark.parametrize("template", templates.known())
def test_a_copy_is_the_template_word_for_word_but_for_its_name(template: str, tmp_path: Path) -> None:
    path = templates.make("mine", template, tmp_path)
    assert path == tmp_path / "mine.py"
    original = (SHIPPED / f"template_{template}.py").read_text()
    for named in ('name = "{}"', "[agents.{}]"):
        original = original.replace(named.format(template), named.format("mine"))
    assert path.read_text() == original
    assert "change" in path.read_text(), "it says what to change"
    assert "template_" not in ast.unparse(ast.parse(path.read_text()).body[1:])  # type: ignore[arg-type]


def test_the_folder_is_made(tmp_path: Path) -> None:
    assert templates.make("mine", "minimal", tmp_path / "new" / "folder").exists()


@pytest.mark.parametrize(
    "name", ["", "1st", "my-agent", "my agent", "../mine", "a/b", "Größe", "x" * 62, "m\n"]
)
def test_a_name_that_no_agent_can_have(name: str, tmp_path: Path) -> None:
    with pytest.raises(WardenError, match="cannot be an agent's name: it "):
        templates.make(name, "minimal", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_name_of_a_template(tmp_path: Path) -> None:
    with pytest.raises(WardenError, match="would be a template, which is not run"):
        templates.make("template_x", "minimal", tmp_path)


@pytest.mark.parametrize("name", ["warden", "Warden"])
def test_the_name_of_the_hub_itself(name: str, tmp_path: Path) -> None:
    """The loader would refuse the file."""
    with pytest.raises(WardenError, match="cannot be an agent's name"):
        templates.make(name, "minimal", tmp_path)


@pytest.mark.parametrize(
    ("template", "said"),
    [("minmal", 'there is no template "minmal"; did you mean "minimal"?'), ("zzz", "; there are array, daily, ")],
)
def test_a_template_that_is_not_there(template: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(WardenError) as error:
        templates.make("mine", template, tmp_path / "new")
    assert said in str(error.value)
    assert not (tmp_path / "new").exists()


def test_a_file_of_yours_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("mine")
    with pytest.raises(WardenError, match=r"mine.py exists; choose another name, or remove it first"):
        templates.make("mine", "minimal", tmp_path)
    assert (tmp_path / "mine.py").read_text() == "mine"


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WardenError, match="see the setting plugin_folders"):
        templates.make("mine", "minimal", tmp_path / "file" / "below")


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WardenError, match="see the setting plugin_folders"):
        templates.make("mine", "minimal", tmp_path / "file")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_the_right_to_write(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(WardenError, match=r"cannot be written \(Permission denied\)"):
        templates.make("mine", "minimal", tmp_path)
