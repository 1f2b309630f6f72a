"""Spectra and images of an agent."""

import math
from typing import Any

from playwright.sync_api import Page, expect

from tests.system.page.fake_hub import FakeHub
from tests.system.page.site import MakeSite


class Spectra(FakeHub):
    """A hub whose first agent has a histogram and an image."""

    def _document(self, number: int, name: str, now: float) -> dict[str, Any]:
        counts = [round(1000 * math.exp(-(((n - 50) / 12) ** 2))) for n in range(100)]
        image = [[math.sin(row / 5) + math.cos(column / 7) for column in range(40)] for row in range(30)]
        image[0][0] = None  # type: ignore[call-overload]
        arrays = {"counts": counts, "edges": list(range(101)), "image": image, "empty": [], "names": ["a", "b"]}
        return {**super()._document(number, name, now), **arrays}

    def fields(self, now: float) -> dict[str, Any]:
        kinds = {"counts": 1, "edges": 1, "image": 2, "empty": 1}
        more = {
            f"{name}.{field}": self._field(name, field, {"type": "float", "dims": dims})
            for name in self.names for field, dims in kinds.items()
        }  # fmt: skip
        more |= {f"{name}.names": self._field(name, "names", {"type": "str", "dims": 1}) for name in self.names}
        return {**more, **super().fields(now)}


def test_arrays_are_drawn(page: Page, make_site: MakeSite) -> None:
    site = make_site(Spectra(1))
    page.goto(f"{site.url}#/agent/agent_000")
    panel = page.get_by_label("Spectra and images")
    expect(panel.locator("figure")).to_have_count(2)  # edges are a scale, and texts no numbers
    expect(panel.get_by_role("img", name="counts: 100 values, from 0 to 1000")).to_be_visible()
    expect(panel.get_by_role("img", name="image: 40")).to_be_visible()
    expect(panel).to_contain_text("bins from 0 to 100")
    pixels = "canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data"
    drawn = f"canvas => {pixels}.some(each => each > 0)"
    for place in range(2):
        assert panel.locator("canvas").nth(place).evaluate(drawn)


def test_an_agent_without_arrays_has_no_such_panel(page: Page, make_site: MakeSite) -> None:
    site = make_site(FakeHub(1))
    page.goto(f"{site.url}#/agent/agent_000")
    expect(page.locator(".fields tbody tr").first).to_be_visible()
    expect(page.get_by_label("Spectra and images")).to_have_count(0)
