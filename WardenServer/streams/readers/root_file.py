"""The entries of a tree of one ROOT file as arrays, by uproot."""

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from WardenServer.errors import WardenError
from WardenServer.streams.readers.files import shown

#: Classes of ROOT that are trees to us.
_TREES = ("TTree", "TNtuple", "TNtupleD", "ROOT::RNTuple")
#: Most names in a sentence.
_SHOWN = 20


class Wanted(NamedTuple):
    """What is read of each file: `branches` of a tree, None for all, in steps of so many entries."""

    tree: str
    branches: tuple[str, ...] | None
    step: int


class Place(NamedTuple):
    """How many entries were read of the file with this UUID."""

    uuid: str = ""
    entries: int = 0


def steps(path: str, wanted: Wanted, place: Place) -> Generator[tuple[Place, Any]]:
    """Arrays of the entries after a place, and the place after each; from 0 where the file is another one.

    Raises:
        WardenError: the file, the tree or a branch is missing; the text says what there is.
        Exception: whatever uproot raises where a file is damaged or not whole yet.
    """
    import uproot

    _refuse_others(path)
    # No memory map: that would end the process when a file is truncated. And no threads, which gain nothing here.
    way = {"handler": uproot.source.file.MultithreadedFileSource, "use_threads": False}
    with uproot.open(Path(path), **way, object_cache=None, array_cache=None) as file:
        uuid = str(file.file.uuid)
        tree = _tree(file, path, wanted.tree)
        begin = place.entries if place.uuid == uuid and place.entries <= tree.num_entries else 0
        names = _names(tree, path, wanted)
        library = "np" if _are_plain(tree, names) else "ak"
        for part in tree.iterate(filter_name=names, entry_start=begin, step_size=wanted.step, library=library):
            array = _records(part) if library == "np" else part
            begin += len(array)
            yield Place(uuid, begin), array


def _refuse_others(path: str) -> None:
    with Path(path).open("rb") as file:
        if file.read(4) != b"root":  # with which each begins: https://root.cern/doc/master/classTFile.html
            raise WardenError(f"file {shown(path)} is no ROOT file, or is not written yet; correct `files` if need be")


def _tree(file: Any, path: str, name: str) -> Any:
    try:
        tree = file[name]
    except KeyError:
        tree = None
    if hasattr(tree, "iterate"):
        return tree
    trees = file.keys(filter_classname=lambda each: each in _TREES, cycle=False)
    there = f"it has {_some(trees)}" if trees else "it has no tree yet"
    raise WardenError(f'file {shown(path)} has no tree "{name}", {there}; correct `tree` if need be')


def _names(tree: Any, path: str, wanted: Wanted) -> Callable[[str], bool] | None:
    """What tells uproot the branches; names themselves could mean patterns to it."""
    if wanted.branches is None:
        return None
    known = dict.fromkeys([*tree.keys(), *tree.keys(full_paths=False)])
    for name in wanted.branches:
        if name not in known:
            cure = f"it has {_some(list(known))}; correct `branches`"
            raise WardenError(f'tree "{wanted.tree}" of file {shown(path)} has no branch "{name}", {cure}')
    return frozenset(wanted.branches).__contains__


def _are_plain(tree: Any, names: Callable[[str], bool] | None) -> bool:
    """Whether all branches have one number an entry, so that numpy can hold them."""
    none = tree.arrays(filter_name=names, entry_stop=0, library="ak")
    layouts = [none[name].layout for name in none.fields]
    return all(layout.is_numpy and layout.inner_shape == () and layout.dtype.kind in "biuf" for layout in layouts)


def _records(columns: dict[str, Any]) -> Any:
    return np.rec.fromarrays(list(columns.values()), dtype=[(name, column.dtype) for name, column in columns.items()])


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
