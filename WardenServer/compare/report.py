"""What came of a comparison, as text, JSON and a page of its own."""

import html
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from WardenServer.compare.match import ENOUGH, Key, Verdict, judge

_COLOURS = {"same": "green", "differs": "red", "missing": "red", "extra": "cyan", "open": "yellow"}


@dataclass(frozen=True)
class Report:
    """`took` are the seconds that were compared."""

    ours: str
    theirs: str
    took: float
    keys: Mapping[str, Key]

    @property
    def verdicts(self) -> dict[str, Verdict]:
        """By key."""
        return {name: judge(key) for name, key in sorted(self.keys.items())}

    @property
    def is_good(self) -> bool:
        """Whether every key that the other server has is the same here, by enough pairs."""
        states = {verdict.state for verdict in self.verdicts.values()}
        theirs = [self.verdicts[name] for name, key in self.keys.items() if key.theirs]
        return bool(theirs) and not states & {"differs", "missing"} and all(each.state == "same" for each in theirs)

    @property
    def headline(self) -> str:
        """One sentence."""
        counts: dict[str, int] = {}
        for verdict in self.verdicts.values():
            counts[verdict.state] = counts.get(verdict.state, 0) + 1
        said = ", ".join(f"{count} {state}" for state, count in counts.items()) or "no keys"
        return f"{self.theirs} against {self.ours}, {self.took / 60:.1f} minutes: {said}."

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        keys = {
            name: {"state": each.state, "pairs": self.keys[name].pairs, "why": each.why, "notes": each.notes}
            for name, each in self.verdicts.items()
        }
        return {"good": self.is_good, "ours": self.ours, "theirs": self.theirs, "seconds": self.took, "keys": keys}

    def show(self, console: Console) -> None:
        """For people."""
        table = Table("key", "verdict", "pairs", "what")
        for name, verdict in self.verdicts.items():
            colour = _COLOURS[verdict.state]
            what = "\n".join([*verdict.why, *verdict.notes])
            table.add_row(name, f"[{colour}]{verdict.state}[/]", str(self.keys[name].pairs), _plain(what))
        console.print(table)
        console.print(_plain(self.headline))
        if any(verdict.state == "open" for verdict in self.verdicts.values()):
            console.print(f"A key is open until {ENOUGH} pairs of it were seen.")

    def as_html(self) -> str:
        """A page by itself."""
        rows = "\n".join(self._row(name, verdict) for name, verdict in self.verdicts.items())
        return _PAGE.format(title=html.escape("Comparison of two servers"), head=html.escape(self.headline), rows=rows)

    def _row(self, name: str, verdict: Verdict) -> str:
        what = "<br>".join(html.escape(line) for line in [*verdict.why, *verdict.notes])
        cells = [html.escape(name), verdict.state, str(self.keys[name].pairs), what]
        return f'<tr class="{verdict.state}">' + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _plain(text: str) -> str:
    """Text in which rich sees no marks."""
    return text.replace("[", r"\[")


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>
body {{ font: 15px/1.4 sans-serif; margin: 2em; }}
table {{ border-collapse: collapse; }}
td, th {{ border: 1px solid #bbb; padding: .3em .6em; text-align: left; vertical-align: top; }}
.same td:nth-child(2) {{ color: #070; }} .open td:nth-child(2) {{ color: #850; }}
.differs td:nth-child(2), .missing td:nth-child(2) {{ color: #b00; font-weight: bold; }}
</style></head><body><h1>{title}</h1><p>{head}</p>
<table><thead><tr><th>key</th><th>verdict</th><th>pairs</th><th>what</th></tr></thead>
<tbody>
{rows}
</tbody></table></body></html>
"""
