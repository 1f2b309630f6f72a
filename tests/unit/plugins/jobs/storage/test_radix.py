"""The storage of Socorro."""

import os
import threading
from datetime import datetime
from pathlib import Path

import pytest

from WardenServer.plugins.common.jobs.storage import collecting, listing, radix_ids
from WardenServer.plugins.common.jobs.storage.collecting import put
from WardenServer.plugins.common.jobs.storage.radix import RadixStorage

PAIR = (".json", ".dump")
AT = datetime(2009, 3, 24, 13, 37, 20).timestamp()
ID = "0bba929f-8721-460c-dead-a43c22090324"
NAME = Path("20090324/name/0b/ba")
BYTES = [b"{}", b"dump"]


@pytest.fixture
def storage(tmp_path):
    """Ten minutes later."""
    root = tmp_path / "root"
    root.mkdir()
    return RadixStorage(root, PAIR, clock=lambda: AT + 600)


def ids(found):
    return sorted(each.id for each in found)


def all_of(root):
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_symlink() or path.is_file()}


def test_the_places_of_files_and_links(storage):
    found = put(storage, ID, BYTES, AT)
    root = storage.root
    assert all_of(root) == {f"{NAME}/{ID}.json", f"{NAME}/{ID}.dump", f"{NAME}/{ID}", f"20090324/date/13/37_0/{ID}"}
    assert (root / NAME / ID).readlink() == Path("../../../date/13/37_0")
    assert (root / "20090324/date/13/37_0" / ID).readlink() == Path("../../../name/0b/ba")
    assert found.paths == (root / NAME / f"{ID}.json", root / NAME / f"{ID}.dump")
    assert [path.read_bytes() for path in found.paths] == BYTES
    assert storage.pathname(ID) == ""
    assert list(storage.arrived(())) == [found] == list(storage.all(()))
    assert storage.find(ID) == found


def test_a_web_head_has_a_folder_of_its_own(storage):
    found = put(storage, ID, BYTES, AT, "web-1.example")
    assert (storage.root / "20090324/date/13/37/web-1.example_0" / ID).is_symlink()
    assert list(storage.arrived(())) == [found]
    storage.taken(ID)
    assert not (storage.root / "20090324/date").exists()


def test_files_are_copied(storage, tmp_path):
    (tmp_path / "source").write_bytes(b"copied")
    found = put(storage, ID, [tmp_path / "source", b"x"], AT)
    assert found.paths[0].read_bytes() == b"copied"
    with pytest.raises(FileNotFoundError):
        put(storage, ID[::-1], [tmp_path / "none", b"x"], AT)


def test_taken_removes_links_only_and_empty_folders(storage):
    found = put(storage, ID, BYTES, AT)
    other = put(storage, "1" + ID[1:], BYTES, AT)
    storage.taken(ID)
    assert list(storage.arrived(())) == [other]
    assert (storage.root / "20090324/date/13/37_0").exists()
    storage.taken(other.id)
    assert not (storage.root / "20090324/date").exists()
    assert storage.find(ID) == found
    storage.taken(ID)
    storage.taken("never-there-00000000")
    assert ids(storage.all(())) == [ID, other.id]


def test_gone_removes_all_folders_but_the_root(storage):
    for path in put(storage, ID, BYTES, AT).paths:
        path.unlink()
    storage.gone(ID)
    assert list(storage.root.iterdir()) == []
    storage.gone(ID)
    assert storage.root.exists()


def test_known_ones_and_those_that_are_not_complete_keep_their_links(storage):
    put(storage, ID, BYTES, AT)
    other = put(storage, "1" + ID[1:], BYTES, AT)
    other.paths[1].unlink()
    third = put(storage, "2" + ID[1:], BYTES, AT)
    (third.paths[0].parent / third.id).unlink()
    before = all_of(storage.root)
    assert list(storage.arrived({ID})) == []
    assert ids(storage.all({ID})) == [third.id]
    assert all_of(storage.root) == before


@pytest.mark.parametrize(
    ("minutes", "now", "seen"),
    [
        (1, (13, 37, 59), False), (1, (13, 38, 0), True), (5, (13, 39, 59), False), (5, (13, 40, 0), True),
        (1, (12, 0, 0), False), (60, (13, 59, 59), False), (60, (14, 0, 0), True), (1, (0, 0, 0), False),
    ],
)  # fmt: skip
def test_the_slot_of_now_and_later_ones_wait(tmp_path, minutes, now, seen):
    storage = RadixStorage(tmp_path, PAIR, minutes, lambda: datetime(2009, 3, 24, *now).timestamp())
    put(storage, ID, BYTES, AT)
    assert ids(storage.arrived(())) == [ID] * seen
    assert ids(storage.all(())) == [ID], "the daily look sees them"


def test_the_day_after_all_slots_of_the_day_before_are_seen(tmp_path):
    storage = RadixStorage(tmp_path, PAIR, clock=lambda: datetime(2009, 3, 25, 0, 0, 0).timestamp())
    put(storage, ID, BYTES, datetime(2009, 3, 24, 23, 59).timestamp())
    assert ids(storage.arrived(())) == [ID]


@pytest.mark.parametrize("tail", ["0090324", "x090324", "5090324", "2091324", "2090231", "2²90324"])
def test_ids_with_another_tail(storage, tail):
    id = ID[:-7] + tail
    if "²" in tail:
        with pytest.raises(ValueError, match="can be no id"):
            storage.paths(id)
        return
    assert radix_ids.parts(id) == ["0b", "ba", "92", "9f"], "of the time before the depth was said"
    assert radix_ids.day(id) == ("20090324" if tail[0] == "0" else None)
    found = put(storage, id, BYTES, AT - 100 * 86400)
    assert storage.find(id) == found, "it is found on every day"
    assert list(storage.arrived(())) == [found]


def test_where_files_would_be_put(storage):
    assert storage.paths(ID) == (storage.root / NAME / f"{ID}.json", storage.root / NAME / f"{ID}.dump")
    assert storage.paths(ID[:-7] + "x090324")[0].parts[-7] == "20090324", "without a day: today"
    storage.root.rmdir()
    assert storage.paths("never-there")[0].is_relative_to(storage.root)
    with pytest.raises(FileNotFoundError):
        storage.find(ID)
    with pytest.raises(FileNotFoundError):
        list(storage.arrived(()))


@pytest.mark.parametrize(
    "id", ["", "..", "ab..cdef", "../../etc/passwd", "/etc/passwd", "a\0bcdefgh", "short", "x" * 201, "ä" * 8]
)
def test_ids_of_strangers_that_lead_elsewhere(storage, id):
    with pytest.raises(ValueError, match="can be no id here"):
        storage.paths(id)
    with pytest.raises(ValueError, match="can be no id"):
        put(storage, id, BYTES)
    storage.taken(id)
    storage.gone(id)
    assert list(storage.root.iterdir()) == []


def test_links_of_strangers_that_lead_elsewhere(storage, tmp_path):
    found = put(storage, ID, BYTES, AT)
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / ID).symlink_to("/")
    link = found.paths[0].parent / ID
    link.unlink()
    link.symlink_to(victim)
    storage.taken(ID)
    assert (victim / ID).is_symlink()
    assert not link.is_symlink()
    link.mkdir()
    storage.taken(ID)
    assert link.is_dir()


def test_what_is_not_of_the_storage_is_passed_over(storage):
    found = put(storage, ID, BYTES, AT)
    root = storage.root
    (root / "lost+found/date/13/37_0").mkdir(parents=True)
    (root / "20090324/date/13/xx").mkdir()
    (root / "20090324/date/13/37_0/not an id").symlink_to("..")
    (root / "20090324/date/13/37_0/file").touch()
    for name in ("..x.json", "a b.json", "a b.dump", "wrong-place.json", "wrong-place.dump"):
        (found.paths[0].parent / name).touch()
    assert list(storage.arrived(())) == [found] == list(storage.all(()))


def test_a_folder_that_cannot_be_read_is_a_problem(storage, monkeypatch):
    put(storage, ID, BYTES, AT)
    put(storage, ID, BYTES, AT + 86400 * -1)
    real = listing.names_in

    def names_in(folder):
        if folder.name == "37_0" and "20090323" in folder.parts:
            raise PermissionError(13, "Permission denied")
        return real(folder)

    monkeypatch.setattr("WardenServer.plugins.common.jobs.storage.radix.names_in", names_in)
    assert ids(storage.arrived(())) == [ID]
    assert storage.problems == [
        f"'{storage.root}/20090323/date/13/37_0' cannot be read (Permission denied); see to its rights"
    ]


def test_an_id_is_put_once(storage):
    put(storage, ID, BYTES, AT)
    with pytest.raises(FileExistsError):
        put(storage, ID, [b"other", b"other"], AT)
    assert storage.find(ID).paths[0].read_bytes() == BYTES[0]
    with pytest.raises(ValueError, match="collector"):
        put(storage, ID, BYTES, AT, "../web")
    with pytest.raises(ValueError, match="shorter"):
        put(storage, "1" + ID, [b""], AT)


def test_a_full_folder_of_links_has_a_next_one(storage, monkeypatch):
    monkeypatch.setattr(collecting, "MOST_LINKS", 2)
    for number in range(5):
        put(storage, f"{number}{ID[1:]}", BYTES, AT)
    assert sorted(path.name for path in (storage.root / "20090324/date/13").iterdir()) == ["37_0", "37_1", "37_2"]
    assert len(ids(storage.arrived(()))) == 5


def test_a_folder_that_goes_just_before_mkdir_looks_at_it(storage, monkeypatch):
    """Path.mkdir takes a folder that has gone by then for a file."""
    mkdir, gone = Path.mkdir, []

    def late(path, *given, **named):
        if path.name == "37_0" and not gone:
            gone.append(path)
            raise FileExistsError(path)
        mkdir(path, *given, **named)

    monkeypatch.setattr(Path, "mkdir", late)
    put(storage, ID, BYTES, AT)
    assert gone
    assert ids(storage.all(())) == [ID]


def test_a_collector_and_those_who_tidy_up_at_once(storage):
    """The folders of the date branch vanish again and again, while a collector makes them."""
    ended = threading.Event()
    numbers = [f"{number:08x}{ID[8:]}" for number in range(60)]
    failures = []

    def tidy():
        try:
            while not ended.is_set():
                for id in numbers:
                    storage.taken(id)
        except BaseException as error:
            failures.append(error)

    others = [threading.Thread(target=tidy) for _ in range(2)]
    for other in others:
        other.start()
    try:
        for id in numbers:
            put(storage, id, BYTES, AT)
    finally:
        ended.set()
        for other in others:
            other.join()
    assert not failures
    assert ids(storage.all(())) == numbers


def test_new_ids():
    id = radix_ids.make(AT)
    assert len(id) == 36
    assert id.endswith("2090324")
    assert radix_ids.day(id) == "20090324"
    assert radix_ids.parts(id) == [id[:2], id[2:4]]
    assert len(radix_ids.parts(radix_ids.make(AT, 4))) == 4
    assert radix_ids.make(AT) != id
    for depth in (0, 5):
        with pytest.raises(ValueError, match="1 to 4"):
            radix_ids.make(AT, depth)


def test_a_tidied_folder_that_is_not_empty_stays(storage):
    put(storage, ID, BYTES, AT)
    storage.tidy(storage.root / NAME)
    assert (storage.root / NAME / f"{ID}.json").exists()
    storage.tidy(storage.root)
    storage.tidy(Path(os.sep) / "tmp")
    assert storage.root.exists()
