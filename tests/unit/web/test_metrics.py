"""What Prometheus takes."""

import re
import shutil
import subprocess

import pytest

from tests.unit.web.conftest import Ask, make_view
from WardenServer.web.view import View


def lines(text: str, name: str) -> dict[str, float]:
    """Of one metric: values by labels."""
    found = re.findall(rf"^{name}(?:{{(.*)}})? (\S+)$", text, re.MULTILINE)
    return {labels: float(value) for labels, value in found}


def attributes(text: str) -> dict[tuple[str, str, str], float]:
    """Of fields: values by attribute, label and x."""
    found = lines(text, "device_attribute").items()
    parts = [(dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels)), value) for labels, value in found]
    return {(each["name"], each["label"], each["x"]): value for each, value in parts}


def test_promtool_finds_nothing_wrong(ask: Ask) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed: apt install prometheus")
    said = ask("GET", "/metrics?arrays=1")
    checked = subprocess.run(
        [promtool, "check", "metrics"], input=said.text, capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")
    assert said.headers["content-type"].startswith("text/plain; version=")


def test_the_hubs_own_figures(ask: Ask) -> None:
    text = ask("GET", "/metrics").text
    assert lines(text, "warden_up") == {"": 1.0}
    assert lines(text, "warden_state")['state="RUNNING"'] == 1.0
    assert sum(lines(text, "warden_state").values()) == 1.0
    assert lines(text, "warden_agent_runs_total") == {'agent="ring"': 5.0, 'agent="old"': 1.0}
    assert lines(text, "warden_agent_age_seconds") == {'agent="ring"': 0.5}, "null is absent"
    assert lines(text, "warden_agent_state")['agent="old",state="failing"'] == 1.0
    assert lines(text, "warden_sink_lost_results_total") == {'sink="memcached"': 3.0}
    assert lines(text, "warden_missed_ticks_total") == {"": 1.0}


def test_fields_have_the_labels_of_the_tango_exporters(ask: Ask) -> None:
    text = ask("GET", "/metrics").text
    [line] = [line for line in text.splitlines() if "ring_Current" in line]
    assert line == (
        'device_attribute{device="warden/hub/local",dim_x="1",dim_y="0",label="Ring <current>",name="ring_Current",'
        'type="float",x="0",y="0"} 100.5'
    )


def test_text_comes_only_as_the_states_of_an_enum_and_null_and_old_values_not(ask: Ask) -> None:
    assert attributes(ask("GET", "/metrics").text) == {
        ("ring_Current", "Ring <current>", "0"): 100.5,
        ("ring_State", "OFF", "0"): 0.0,
        ("ring_State", "ON", "0"): 1.0,
        ("shutter.value", "value", "0"): 1.0,
    }


def test_arrays_come_when_asked_for_up_to_16_elements(ask: Ask) -> None:
    found = attributes(ask("GET", "/metrics?arrays").text)
    assert {key: value for key, value in found.items() if key[0] == "Petra.Spots"} == {
        ("Petra.Spots", "Spots", "0"): 1.0,
        ("Petra.Spots", "Spots", "1"): 2.5,
    }
    documents = {"Petra": {"Spots": list(range(17)), "timestamp": 4e9}}
    assert attributes(ask("GET", "/metrics?arrays", view=make_view(documents=documents)).text) == {}


@pytest.mark.parametrize(("value", "places"), [([[1, 2], [3, 4]], 4), ([[1], []], 1), ([], 0), ([[]], 0), (["a"], 0)])
def test_images(ask: Ask, value: object, places: int) -> None:
    view = make_view(documents={"Petra": {"Spots": value, "timestamp": 4e9}})
    assert len(lines(ask("GET", "/metrics?arrays", view=view).text, "device_attribute")) == places


def test_without_a_hub_only_that_is_said(ask: Ask) -> None:
    text = ask("GET", "/metrics", view=View(1, 0.0, "gone")).text
    assert [line for line in text.splitlines() if not line.startswith("#")] == ["warden_up 0.0"]


def test_quotes_and_line_breaks_in_names_do_no_harm(ask: Ask) -> None:
    fields = {"a.b": {"agent": "ring", "key": "a", "field": "b", "label": 'x"\n\\} 1'}}
    text = ask("GET", "/metrics", view=make_view(fields=fields, documents={"a": {"b": 2}})).text
    assert list(attributes(text).values()) == [2.0]
