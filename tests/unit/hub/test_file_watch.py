"""Changed files are told once, when they are written to the end."""

from pathlib import Path

from WardenServer.hub.file_watch import FileWatch


def test_a_change_is_told_when_two_looks_have_seen_the_same(tmp_path: Path) -> None:
    told: list[int] = []
    folder, settings = tmp_path / "plugins", tmp_path / "warden.toml"
    folder.mkdir()
    (folder / "a.py").write_text("1")
    watch = FileWatch([folder, tmp_path / "missing"], [settings], lambda: told.append(1))
    for _ in range(3):
        watch.look()
    assert told == []
    for text in ("12", "123", "1234"):  # it is still being written
        (folder / "a.py").write_text(text)
        watch.look()
    assert told == []
    watch.look()
    watch.look()
    assert len(told) == 1
    for change in (
        lambda: (folder / "b.py").write_text("new"),
        lambda: (folder / "a.py").unlink(),
        lambda: settings.write_text("tick = 0.1"),
        lambda: settings.unlink(),
    ):
        told.clear()
        change()
        watch.look()
        watch.look()
        assert len(told) == 1
    (folder / "notes.txt").write_text("no plugin")
    told.clear()
    watch.look()
    watch.look()
    assert told == []


def test_the_thread_ends_when_it_is_told_to(tmp_path: Path) -> None:
    watch = FileWatch([tmp_path], [], lambda: None)
    watch.open()
    watch.close()
    assert watch.join(5)
