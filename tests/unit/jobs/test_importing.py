"""Files that are there already become jobs, each once, and what does not is named."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from WardenServer.errors import WardenError
from WardenServer.jobs import importing
from WardenServer.jobs.importing import Imported, Importer
from WardenServer.plugins.common.jobs import configuration, looking, processors
from WardenServer.plugins.common.jobs.configuration import Jobs
from WardenServer.plugins.common.jobs.database import Database
from WardenServer.plugins.common.jobs.looking import Wanted
from WardenServer.plugins.common.jobs.queueing import ProcessorGone
from WardenServer.plugins.common.jobs.storage import collecting, make

OOID = "0bba61c5-dfc3-43e7-dead-8afd22081225"
OTHER = "0bba61c5-dfc3-43e7-beef-8afd22081225"


class Place:
    """A storage and a queue of the test's own."""

    def __init__(self, folder: Path, **more: Any) -> None:
        self.root = folder / "data"
        self.root.mkdir(exist_ok=True)
        self.jobs: Jobs = configuration.read({"storage": self.root, "folder": folder / "jobs", **more})
        self.database = Database(self.jobs.url)
        self.told: list[tuple[int, int]] = []

    def write(self, *names: str, text: str = "x", root: Path | None = None) -> None:
        for name in names:
            path = (root or self.root) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def pair(self, *ids: str, root: Path | None = None) -> None:
        self.write(*(f"{id}{suffix}" for id in ids for suffix in self.jobs.suffixes), root=root)

    def add(self, *folders: Path, dry_run: bool = False) -> Imported:
        importer = Importer(self.database, self.jobs, dry_run, lambda *said: self.told.append(said))
        return importer.add(folders or (self.root,))

    @property
    def queued(self) -> list[looking.Job]:
        return looking.newest(self.database, Wanted(), 10_000)[::-1]


MakePlace = Callable[..., Place]


@pytest.fixture
def make_place(tmp_path: Path) -> Iterator[MakePlace]:
    """Make a place with two processors."""
    made: list[Place] = []

    def make_it(**more: Any) -> Place:
        place = Place(tmp_path, **more)
        made.append(place)
        for name in ("one", "two"):
            processors.register(place.database, name)
        return place

    yield make_it
    for place in made:
        place.database.close()


def test_all_below_a_folder_whatever_the_pattern_says(make_place: MakePlace) -> None:
    place = make_place(pattern="*")
    place.pair("a/one", "a/b/two", "a/it's\nodd", "other")
    done = place.add(place.root / "a")
    assert (done.queued, done.known, done.skipped) == (3, 0, {})
    assert [job.id for job in place.queued] == ["a/b/two", "a/it's\nodd", "a/one"]
    assert [job.owner for job in place.queued] == ["one", "two", "one"]
    assert place.queued[0].pathname == f"{place.root}/a/b/two"
    assert looking.told(place.database, "a/one")[0].reason == "somebody has imported it: warden jobs import"
    assert place.told[-1] == (3, 3)
    for job in place.queued:
        assert make.locate(place.jobs, job.id, job.pathname) is not None


def test_the_same_again_changes_nothing(make_place: MakePlace) -> None:
    place = make_place()
    place.pair("a", "b")
    assert place.add().queued == 2
    place.pair("c")
    assert (place.add().queued, place.add().known) == (1, 3)


def test_a_dry_run_only_says_it(make_place: MakePlace) -> None:
    place = make_place()
    place.pair("a", "b")
    place.write("c.json")
    done = place.add(dry_run=True)
    assert (done.queued, done.skipped) == (2, {f"{place.root}/c": "it has no file .dump"})
    assert place.queued == []


def test_what_is_left_out_is_named(make_place: MakePlace) -> None:
    place = make_place(suffixes=[".json", ".meta.json"])
    place.write("a.json", "b.meta.json", "text.txt", ".hidden.json", ".git/c.json", ".git/c.meta.json")
    place.pair("good", "x" * 240 + "/" + "y" * 20)
    done = place.add()
    assert done.queued == 1
    assert done.skipped[f"{place.root}/a"] == "it has no file .meta.json"
    assert done.skipped[f"{place.root}/b"] == "it has no file .json"
    assert "more than 255 characters" in done.skipped[f"{place.root}/{'x' * 240}/{'y' * 20}"]
    assert len(done.skipped) == 3


def test_a_folder_that_cannot_be_read_is_named(make_place: MakePlace, monkeypatch: pytest.MonkeyPatch) -> None:
    place = make_place()
    place.pair("good", "closed/a")
    real = os.scandir

    def scandir(path: str) -> Any:  # root may read everything
        if str(path).endswith("closed"):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    done = place.add()
    assert (done.queued, done.skipped) == (
        1, {f"{place.root}/closed": "the folder cannot be read (Permission denied)"}
    )  # fmt: skip


def test_files_that_were_moved_away_are_not_imported(make_place: MakePlace, tmp_path: Path) -> None:
    place = make_place(successful=str(tmp_path / "data" / "done"))
    place.pair("done/a", "b")
    assert place.add().queued == 1


def test_more_than_a_portion(make_place: MakePlace) -> None:
    place = make_place()
    number = 2 * looking.PORTION + 1
    place.pair(*(f"{n // 100}/{n}" for n in range(number)))
    assert place.add().queued == number
    assert len({job.id for job in place.queued}) == number
    assert place.told == [(0, number), (500, number), (1000, number), (number, number)]


def test_an_interruption_loses_nothing(make_place: MakePlace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "PORTION", 2)
    place = make_place()
    place.pair(*"abcde")

    def interrupt(done: int, total: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Importer(place.database, place.jobs, False, interrupt).add([place.root])
    assert [job.id for job in place.queued] == list("abcd")
    done = place.add()
    assert (done.queued, done.known) == (1, 4)


def test_a_folder_that_cannot_be(make_place: MakePlace, tmp_path: Path) -> None:
    place = make_place()
    for folder, why in ((tmp_path / "none", "is no folder"), (tmp_path, "is not below")):
        with pytest.raises(WardenError, match=why):
            place.add(folder)


def test_folders_of_the_deferred_storage(make_place: MakePlace, tmp_path: Path) -> None:
    place = make_place(deferred=str(tmp_path / "later"))
    place.pair("a/b", root=tmp_path / "later")
    assert place.add(tmp_path / "later").queued == 1
    assert (place.queued[0].id, place.queued[0].pathname) == ("a/b", f"{tmp_path}/later/a/b")


def test_without_processors_nothing_is_queued(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.pair("a")
    with closing(place.database), pytest.raises(WardenError, match="start one with: warden jobs work"):
        place.add()


@pytest.mark.parametrize("times", [1, importing._TRIES])
def test_a_processor_that_goes_meanwhile(make_place: MakePlace, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    place, real, tries = make_place(), importing.queue, iter(range(times))
    place.pair("a")

    def queue(*said: Any, **more: Any) -> list[str]:
        if next(tries, None) is not None:
            raise ProcessorGone("gone")
        return real(*said, **more)

    monkeypatch.setattr(importing, "queue", queue)
    if times < importing._TRIES:
        assert place.add().queued == 1
    else:
        with pytest.raises(ProcessorGone):
            place.add()


# -- Socorro's storage


def test_pairs_are_copied_into_socorros_storage(make_place: MakePlace, tmp_path: Path) -> None:
    place = make_place(layout="radix")
    place.pair(f"deep/{OOID}", f"other/{OOID}", OTHER, "no id!", root=tmp_path / "old")
    done = place.add(tmp_path / "old", dry_run=False)
    assert (done.queued, done.copied) == (2, 2)
    assert {path: why[:30] for path, why in done.skipped.items()} == {
        f"{tmp_path}/old/no id!": "'no id!' can be no id here: it",
        f"{tmp_path}/old/other/{OOID}": "another folder has files of th",
    }  # fmt: skip
    assert {(job.id, job.pathname) for job in place.queued} == {(OOID, ""), (OTHER, "")}
    located = make.locate(place.jobs, OOID, "")
    assert located is not None
    assert located.paths[0].is_relative_to(place.root / "20081225"), "the day that the id says"
    assert list(make.standard(place.jobs).arrived(())) == [], "they are not new any more"
    assert (tmp_path / "old" / "deep" / f"{OOID}.json").exists()
    again = place.add(tmp_path / "old")
    assert (again.queued, again.copied) == (0, 0)


def test_a_copy_that_was_interrupted_goes_on(make_place: MakePlace, tmp_path: Path) -> None:
    place = make_place(layout="radix")
    place.pair(OOID, root=tmp_path / "old")
    first, _ = make.standard(place.jobs).paths(OOID)
    place.write(str(first.relative_to(place.root)))
    done = place.add(tmp_path / "old")
    assert (done.queued, done.copied, done.skipped) == (1, 1, {})


def test_a_file_of_somebody_else_is_not_written_over(make_place: MakePlace, tmp_path: Path) -> None:
    place = make_place(layout="radix")
    place.pair(OOID, root=tmp_path / "old")
    first, _ = make.standard(place.jobs).paths(OOID)
    place.write(str(first.relative_to(place.root)), text="another")
    done = place.add(tmp_path / "old")
    assert done.skipped == {f"{tmp_path}/old/{OOID}": "its files cannot be used (the id is there already)"}
    assert first.read_text() == "another"


def test_what_is_in_socorros_storage_is_queued_where_it_is(make_place: MakePlace, tmp_path: Path) -> None:
    place = make_place(layout="radix")
    storage = make.standard(place.jobs)
    collecting.put(storage, OOID, [b"{}", b"dump"])  # type: ignore[arg-type]
    done = place.add(place.root)
    assert (done.queued, done.copied) == (1, 0)
    assert list(storage.all({OOID})) == []
    assert place.queued[0].id == OOID
