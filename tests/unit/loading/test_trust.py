"""Plugin files that others may write to, or whose content is not known, are refused with the cure."""

import gc
import hashlib
import importlib.machinery
import importlib.util
import logging
import os
import py_compile
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from WardenServer.authoring import templates, trial
from WardenServer.errors import SettingError
from WardenServer.loading import loader, trust
from WardenServer.settings import config
from WardenServer.settings.config import Settings

GOOD = "INTERVAL = 1\ndef work(agent):\n    return {'x': 1}\n"
Write = Callable[..., Path]
MakeSettings = Callable[..., Settings]


@pytest.fixture(autouse=True)
def compiled_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the environment says: they are made, and are part of this."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)


def cure(said: str) -> list[str]:
    """The command that a sentence says to run."""
    return said.partition("run: ")[2].partition(", or ")[0].split()


@pytest.mark.parametrize("mode", [0o666, 0o646, 0o602])
def test_a_file_that_others_may_write_to(mode: int, write: Write, settings: MakeSettings) -> None:
    path = write("open", GOOD)
    write("good", GOOD)
    path.chmod(mode)
    loaded = loader.load(settings())
    assert list(loaded.contracts) == ["good"]
    said = loaded.refused["open"]
    assert f"others may write to {path} (mode {mode:04o})" in said
    assert "or set allow_writable_plugins" in said
    subprocess.run(cure(said), check=True)
    assert loader.load(settings()).refused == {}, "the cure helps"


@pytest.mark.parametrize("which", ["plugins", "", "plugins/__pycache__"])
def test_folders_that_others_may_write_to(which: str, tmp_path: Path, write: Write, settings: MakeSettings) -> None:
    write("ring", GOOD)
    assert loader.load(settings()).refused == {}, "makes the folder of compiled files"
    (tmp_path / which).chmod(0o777)
    said = loader.load(settings()).refused["ring"]
    assert f"others may write to {tmp_path / which} (mode 0777)" in said
    subprocess.run(cure(said), check=True)
    assert loader.load(settings()).refused == {}


def test_a_compiled_file_that_others_may_write_to(write: Write, settings: MakeSettings) -> None:
    compiled = Path(importlib.util.cache_from_source(str(write("ring", GOOD))))
    loader.load(settings())
    compiled.chmod(0o666)
    assert f"others may write to {compiled}" in loader.load(settings()).refused["ring"]


def test_a_module_beside_it_that_others_may_write_to(write: Write, settings: MakeSettings) -> None:
    write("ring", "from ._help import x\n" + GOOD)
    beside = write("_help", "x = 1\n")
    assert loader.load(settings()).refused == {}
    beside.chmod(0o666)
    assert f"others may write to {beside}" in loader.load(settings()).refused["ring"]


def test_a_sticky_folder_is_good_enough_above_but_not_for_plugins(
    tmp_path: Path, folder: Path, write: Write, settings: MakeSettings
) -> None:
    write("ring", GOOD)
    tmp_path.chmod(0o1777)
    assert loader.load(settings()).refused == {}
    folder.chmod(0o1777)
    assert f"others may write to {folder} (mode 1777)" in loader.load(settings()).refused["ring"]


@pytest.mark.parametrize("way", ["file", "folder", "twice", "dots"])
def test_what_links_point_to_counts(way: str, tmp_path: Path, folder: Path, settings: MakeSettings) -> None:
    real = tmp_path / "real"
    real.mkdir()
    (real / "ring.py").write_text(GOOD)
    folders = [str(folder)]
    if way == "file":
        (folder / "ring.py").symlink_to("../real/ring.py")
    elif way == "folder":
        (tmp_path / "link").symlink_to(real)
        folders = [str(tmp_path / "link")]
    elif way == "twice":
        (tmp_path / "first").symlink_to("real")
        (folder / "ring.py").symlink_to(tmp_path / "first" / "ring.py")
    else:
        (real / "below").mkdir()
        (tmp_path / "link").symlink_to(real / "below")
        folders = [str(tmp_path / "link" / "..")]
    assert loader.load(settings(plugin_folders=folders)).refused == {}
    real.chmod(0o777)
    said = loader.load(settings(plugin_folders=folders)).refused["ring"]
    subprocess.run(cure(said), check=True)
    assert real.stat().st_mode & 0o022 == 0, said
    assert loader.load(settings(plugin_folders=folders)).refused == {}


def test_the_folder_a_link_lies_in_counts(tmp_path: Path, folder: Path, settings: MakeSettings) -> None:
    (tmp_path / "real.py").write_text(GOOD)
    (tmp_path / "between").mkdir()
    (tmp_path / "between" / "link.py").symlink_to(tmp_path / "real.py")
    (folder / "ring.py").symlink_to(tmp_path / "between" / "link.py")
    assert loader.load(settings()).refused == {}
    (tmp_path / "between").chmod(0o777)
    assert f"{tmp_path / 'between'} (mode 0777)" in loader.load(settings()).refused["ring"]


def test_links_that_go_round(folder: Path, write: Write, settings: MakeSettings) -> None:
    write("ring", GOOD)
    (folder / "_help.py").symlink_to("_help.py")
    assert loader.load(settings()).refused == {}
    shutil.rmtree(folder / "__pycache__")
    (folder / "__pycache__").symlink_to("__pycache__")
    assert "cannot be looked at (Too many levels of symbolic links)" in loader.load(settings()).refused["ring"]


@pytest.mark.parametrize(
    ("group", "members", "primary", "private"),
    [
        ("ann", [], 1000, True),  # as Debian and Red Hat make it
        ("ann", ["ann"], 1000, True),
        ("ann", ["bob"], 1000, False),
        ("staff", [], 1000, False),
        ("ann", [], 100, False),
        (None, [], 1000, False),
    ],
)
def test_a_group_that_holds_nobody_but_the_owner_may_write(
    group: str | None,
    members: list[str],
    primary: int,
    private: bool,
    write: Write,
    settings: MakeSettings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def user_of(uid: int) -> SimpleNamespace:
        return SimpleNamespace(pw_name="ann", pw_gid=primary if uid == os.geteuid() else -1)

    def group_of(gid: int) -> SimpleNamespace:
        if group is None:
            raise KeyError(gid)
        return SimpleNamespace(gr_gid=1000, gr_name=group, gr_mem=members)

    monkeypatch.setattr(trust.pwd, "getpwuid", user_of)
    monkeypatch.setattr(trust.grp, "getgrgid", group_of)
    path = write("ring", GOOD)
    path.chmod(0o664)
    assert (loader.load(settings()).refused == {}) is private


def test_a_setting_allows_it_loudly(
    folder: Path, write: Write, settings: MakeSettings, caplog: pytest.LogCaptureFixture
) -> None:
    write("ring", GOOD)
    write("other", GOOD)
    folder.chmod(0o777)
    for _ in range(2):
        caplog.clear()
        loaded = loader.load(settings(allow_writable_plugins=True))
        assert list(loaded.contracts) == ["other", "ring"]
        assert len(loaded.notes) == 1, "once for what is wrong, not for each agent"
        assert f"others may write to {folder} (mode 0777)" in loaded.notes[0]
        assert [record.levelno for record in caplog.records] == [logging.WARNING]


def test_what_ships_with_the_hub_is_named_and_runs(
    folder: Path, write: Write, settings: MakeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who may write there may write to the code that would refuse it."""
    write("ring", GOOD)
    folder.chmod(0o777)
    monkeypatch.setattr(trust, "SHIPPED", folder)
    loaded = loader.load(settings())
    assert list(loaded.contracts) == ["ring"]
    assert str(folder) in loaded.notes[0]
    assert trial.distrust(settings(), folder / "ring.py") == []


@pytest.mark.parametrize("umask", [0o000, 0o002])
def test_what_the_hub_makes_is_closed_to_others_whatever_the_umask(
    umask: int, tmp_path: Path, settings: MakeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trust, "_is_private_group", lambda about: False)
    before = os.umask(umask)
    try:
        path = templates.make("mine", "minimal", tmp_path / "some" / "new" / "folder")
        made = settings(plugin_folders=[str(path.parent)])
        assert loader.load(made).refused == {}
        assert Path(importlib.util.cache_from_source(str(path))).exists()
        assert loader.load(made).refused == {}, "also with the compiled file"
    finally:
        os.umask(before)


def test_check_says_it_and_try_runs_all_the_same(
    write: Write, settings: MakeSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write("ring", GOOD.replace("1\n", "0.1\n"))
    assert trial.check(settings(), path) == []
    path.chmod(0o666)
    assert f"others may write to {path}" in trial.check(settings(), path)[0]
    assert trial.show(settings(), path, 1, as_json=True) == 0
    out, err = capsys.readouterr()
    assert '"x": 1' in out
    assert f"others may write to {path}" in err


# -- known content


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def pins(tmp_path: Path) -> Path:
    return tmp_path / "known hashes"


def approve(said: str) -> None:
    """Run the very command that the sentence says."""
    subprocess.run(said.partition("run: ")[2], shell=True, check=True)  # as a person does, in a shell


def test_only_files_whose_content_is_known_run(write: Write, settings: MakeSettings, pins: Path) -> None:
    path = write("ring", GOOD)
    write("other", GOOD + "# other\n")
    pins.write_text(f"{digest(path)}  ring.py\n")
    made = settings(plugin_hashes=str(pins))
    loaded = loader.load(made)
    assert list(loaded.contracts) == ["ring"]
    assert "is not among those that were approved" in loaded.refused["other"]
    approve(loaded.refused["other"])
    assert loader.load(made).refused == {}


def test_a_file_that_has_changed_is_refused_and_the_old_approval_ends(
    write: Write, settings: MakeSettings, pins: Path
) -> None:
    path = write("ring", GOOD)
    pins.write_text(f"{digest(path)} *{path}\n")
    made = settings(plugin_hashes=str(pins))
    assert loader.load(made).refused == {}
    write("ring", GOOD + "# new\n")
    said = loader.load(made).refused["ring"]
    assert "is not the one that was approved" in said
    approve(said)
    assert loader.load(made).refused == {}
    write("ring", GOOD)
    assert "ring" in loader.load(made).refused, "what was approved before is not, any more"


def test_hashes_as_sha256sum_writes_them(write: Write, settings: MakeSettings, tmp_path: Path) -> None:
    write("ring", GOOD)
    for command in ("sha256sum plugins/ring.py", "sha256sum -b plugins/*", "cd plugins && sha256sum *.py"):
        subprocess.run(f"rm -rf plugins/__pycache__; ({command}) > hashes", shell=True, cwd=tmp_path, check=True)
        assert loader.load(settings(plugin_hashes=str(tmp_path / "hashes"))).refused == {}, command


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("# ok\n\nabc  ring.py\n", ":3: 'abc  ring.py' is no line of sha256sum"),
        ("0" * 64 + "\n", ":1: "),
        ("0" * 63 + "g  ring.py\n", ":1: "),
        (None, "does not exist; make it with sha256sum"),
    ],
)
def test_a_file_of_hashes_that_cannot_be_used_lets_nothing_run(
    text: str | None, said: str, write: Write, settings: MakeSettings, pins: Path
) -> None:
    write("ring", GOOD)
    if text is not None:
        pins.write_text(text)
    loaded = loader.load(settings(plugin_hashes=str(pins)))
    assert loaded.contracts == {}
    assert str(pins) in loaded.refused["ring"]
    assert said in loaded.refused["ring"]


def test_a_file_of_hashes_that_others_may_write_to_says_nothing(
    write: Write, settings: MakeSettings, pins: Path
) -> None:
    pins.write_text(f"{digest(write('ring', GOOD))}  ring.py\n")
    pins.chmod(0o666)
    made = settings(plugin_hashes=str(pins), allow_writable_plugins=True)
    assert f"others may write to {pins}" in loader.load(made).refused["ring"]


@pytest.mark.parametrize("disguise", ["compiled", "package", "extension"])
def test_what_runs_is_the_content_that_was_approved(
    disguise: str, folder: Path, tmp_path: Path, write: Write, settings: MakeSettings, pins: Path
) -> None:
    """Python would run these in place of the file."""
    path = write("ring", GOOD)
    evil = GOOD.replace("'x': 1", "'x': 2")
    if disguise == "compiled":
        (tmp_path / "evil.py").write_text(evil)
        os.utime(tmp_path / "evil.py", ns=(path.stat().st_mtime_ns,) * 2)
        py_compile.compile(str(tmp_path / "evil.py"), importlib.util.cache_from_source(str(path)), str(path))
    elif disguise == "package":
        (folder / "ring").mkdir()
        (folder / "ring" / "__init__.py").write_text(evil)
    else:
        (folder / f"ring{importlib.machinery.EXTENSION_SUFFIXES[0]}").write_bytes(b"no machine code")
    pins.write_text(f"{digest(path)}  ring.py\n")
    assert loader.load(settings(plugin_hashes=str(pins))).contracts["ring"].work(None) == {"x": 1}  # type: ignore[arg-type]
    loaded = loader.load(settings())
    assert "ring" in loaded.refused or loaded.contracts["ring"].work(None) == {"x": 2}  # type: ignore[arg-type]


def test_modules_beside_a_file_must_be_known_too(write: Write, settings: MakeSettings, pins: Path) -> None:
    path = write("ring", "from ._help import x\nINTERVAL = 1\ndef work(agent):\n    return {'x': x}\n")
    beside = write("_help", "x = 1\n")
    pins.write_text(f"{digest(path)}  ring.py\n")
    made = settings(plugin_hashes=str(pins))
    said = loader.load(made).refused["ring"]
    assert str(beside) in said
    approve(said)
    assert loader.load(made).contracts["ring"].work(None) == {"x": 1}  # type: ignore[arg-type]


def test_nothing_stays_of_sources_that_are_gone(write: Write, settings: MakeSettings, pins: Path) -> None:
    from WardenServer.loading import beside

    gc.unfreeze()  # what hubs of other tests have set aside
    gc.collect()
    pins.write_text(f"{digest(write('ring', GOOD))}  ring.py\n")
    for _ in range(3):
        loader.load(settings(plugin_hashes=str(pins)))
    assert len(beside._finder.sources) <= 1


def test_the_tango_database_cannot_switch_it_off() -> None:
    """Who may write there need not be somebody who may write plugin files."""
    for name in ("AllowWritablePlugins", "PluginHashes"):
        with pytest.raises(SettingError, match="unknown setting"):
            config.load(environment={}, properties={name: ["yes"]})
