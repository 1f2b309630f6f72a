"""The page that `warden diff --html` writes: for all people, in both themes, on a desk and on a phone."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.system.page.test_page_access import faults
from WardenServer.plugins.common.differ import page as pages
from WardenServer.plugins.common.differ import rows
from WardenServer.plugins.common.differ.change import Change, Comparison, Kind, Spared
from WardenServer.plugins.common.differ.rows import Mark, Row, Table

LONG = "gain " + "0123456789" * 40
TABLE = Table((
    Row(Mark.LEFT_OUT, None, None, left_out=12),
    Row(Mark.SAME, (13, "crate 20 {"), (13, "crate 20 {")),
    Row(Mark.CHANGED, (14, "  t 5"), (14, "  t 7"), ((("  t ", False), ("5", True)), (("  t ", False), ("7", True)))),
    Row(Mark.REMOVED, (10_015, LONG), None),
    Row(Mark.ADDED, None, (10_015, LONG)),
))  # fmt: skip
COMPARISON = Comparison(
    [
        Change("ZeroSuppression", ("HCAL_HF", "HCAL_HO"), Kind.TEXT, "a", "b", ("- t 5", "+ t 7", f"+ {LONG}") * 9),
        Change("Position", ("p02/motor/eh1.01",), Kind.NUMBER, 5.0, 5.3, ("5.0 → 5.3 (+6 %)",), since=998),
        Change("<script>document.title = 'bad'</script>" * 9, ("P",), Kind.NESTED, {}, {}, ("a.b[2]: 1 → 2",)),
    ],
    [Spared("p02/motor/eh1.02", "Position", "device does not answer")],
    [Spared("HCAL_HF", "Stamp", "it is the time")],
)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("complete", [False, True])
def test_no_serious_fault(
    complete: bool, theme: Any, page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "table", lambda old, new: TABLE)
    file = tmp_path / "diff.html"
    file.write_text(pages.page(COMPARISON, "Diff of run 1001 and run 1005", complete))
    page.emulate_media(color_scheme=theme)
    page.goto(file.as_uri())
    expect(page.locator("ins").first).to_be_visible()
    assert page.title() == "Diff of run 1001 and run 1005"
    for width in (1400, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert faults(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"it is wider than {width} px"
    signs = [text.lstrip()[0] for text in page.locator("ins, del").all_inner_texts()]
    assert set(signs) == {"+", "-"}
