"""The processor `image_sum`."""

import json
from types import SimpleNamespace
from unittest.mock import patch

import awkward
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.events import ANYTHING, CUTS, EVENTS, in_arrays, one_by_one, parts, plain
from WardenServer.errors import SettingError
from WardenServer.plugins import image_sum
from WardenServer.plugins.image_sum import ImageSum

PIXEL = st.one_of(st.integers(-99, 99), st.floats(-1e3, 1e3), st.just(float("nan")), st.just(float("inf")))


def images(rows, columns, pixel=PIXEL):
    return st.lists(st.lists(pixel, min_size=columns, max_size=columns), min_size=rows, max_size=rows)


ONE_SIZE = st.lists(st.fixed_dictionaries({"e": images(2, 3)}), max_size=8)
SIZES = st.lists(
    st.fixed_dictionaries({}, optional={"e": st.one_of(images(2, 3), images(1, 2), images(0, 0), st.none())}),
    max_size=8,
)


def assert_close(one, other):
    assert one.keys() == other.keys()
    assert (one["count"], one["unusable"]) == (other["count"], other["unusable"])
    assert (one["image"] is None) == (other["image"] is None)
    if one["image"] is not None:
        np.testing.assert_allclose(one["image"], other["image"], rtol=1e-9, atol=1e-9)
        assert one["max"] == pytest.approx(other["max"], rel=1e-9, abs=1e-9)


def test_of_no_events():
    assert plain(ImageSum("e").sample()) == {"image": None, "max": None, "count": 0, "unusable": 0}


def test_by_hand():
    others = [{}, None, {"e": [1, 2]}, {"e": [[1], [2, 3]]}, {"e": [["1"]]}, {"e": [[None, 2]]}, {"e": [[]]}, {"e": {}}]
    first, second = {"e": [[1, 2.5]]}, {"camera": 1, "e": np.array([[3, 4]], dtype="u2")}
    document = plain(one_by_one(ImageSum("e"), [*others, first, {"e": [[1], [2]]}, second]).sample())
    assert document == {"image": [[4, 6.5]], "max": 6.5, "count": 2, "unusable": len(others) + 1}


@given(events=st.one_of(ONE_SIZE, SIZES, EVENTS), cuts=CUTS)
def test_single_events_and_arrays_give_the_same(events, cuts):
    single, arrays = one_by_one(ImageSum("e"), events), in_arrays(ImageSum("e"), events, cuts)
    assert_close(plain(single.sample()), plain(arrays.sample()))


@given(events=ONE_SIZE, cuts=CUTS, kind=st.sampled_from(["f4", "f8"]))
def test_numpy_records_give_the_same(events, cuts, kind):
    array = np.zeros(len(events), dtype=[("e", kind, (2, 3)), ("number", int)])
    if events:
        array["e"] = [event["e"] for event in events]
    single = one_by_one(ImageSum("e"), [{"e": row["e"].tolist()} for row in array])
    assert_close(plain(single.sample()), plain(in_arrays(ImageSum("e"), array, cuts).sample()))


@pytest.mark.parametrize("column", [np.zeros(3), np.zeros((3, 2)), np.zeros((3, 1, 1, 1)), np.full((3, 1, 1), "x")])
def test_arrays_of_what_are_no_images(column):
    array = np.zeros(3, dtype=[("e", column.dtype, column.shape[1:])])
    assert plain(in_arrays(ImageSum("e"), array).sample())["unusable"] == 3


@given(events=st.lists(ANYTHING, max_size=10))
def test_no_event_takes_it_out(events):
    plain(one_by_one(ImageSum("e"), events).sample())


def test_an_image_that_is_too_large_is_not_kept():
    with patch.object(image_sum, "MOST", 3):
        processor = one_by_one(ImageSum("e"), [{"e": [[1, 2], [3, 4]]}])
        in_arrays(processor, [{"e": [[1, 2], [3, 4]]}] * 2)
        assert plain(in_arrays(processor, [{"e": [[1, 2, 3]]}]).sample())["image"] == [[1, 2, 3]]
    assert processor.sample()["unusable"] == 3


def test_a_sum_that_is_too_large():
    document = ImageSum("e")
    document = plain(one_by_one(document, [{"e": [[1.7e308, 1]]}] * 2).sample())
    assert (document["max"], document["count"]) == (None, 2)


def test_the_sample_stays_as_it_was():
    processor = one_by_one(ImageSum("e"), [{"e": [[1]]}])
    document = processor.sample()
    one_by_one(processor, [{"e": [[1]]}])
    assert document["image"].tolist() == [[1]]


def test_reset_begins_anew_at_each_sample():
    processor = one_by_one(ImageSum("e", reset=True), [{"e": [[1]]}, {}])
    assert processor.sample()["count"] == 1
    assert plain(processor.sample()) == plain(ImageSum("e").sample())
    assert one_by_one(processor, [{"e": [[1, 2]]}]).sample()["count"] == 1


def test_a_field_that_means_nothing():
    with pytest.raises(SettingError, match=r"^field is None; write the name of a field"):
        ImageSum(None)


def test_load_goes_on_and_leaves_the_old_as_it_was():
    old, new = one_by_one(ImageSum("e"), [{"e": [[1]]}, {}]), ImageSum("e", reset=True)
    new.load(old)
    document = plain(one_by_one(new, [{"e": [[2]]}]).sample())
    assert document == {"image": [[3]], "max": 3, "count": 2, "unusable": 1}
    assert old.sample()["image"].tolist() == [[1]]


def test_load_of_another_field_of_other_code_or_of_nothing():
    new = ImageSum("e")
    new.load(one_by_one(ImageSum("f"), [{"f": [[1]]}]))
    new.load(SimpleNamespace())
    new.load(ImageSum("e"))
    assert plain(new.sample()) == plain(ImageSum("e").sample())


@given(events=ONE_SIZE, cuts=CUTS)
def test_the_merge_of_parts_is_the_whole(events, cuts):
    samples = [plain(one_by_one(ImageSum("e"), part).sample()) for part in parts(events, cuts)]
    merged = ImageSum("e").merge(json.loads(json.dumps(samples)))
    assert_close(plain(merged), plain(one_by_one(ImageSum("e"), events).sample()))


def test_a_merge_passes_over_what_has_no_data_and_refuses_other_sizes():
    one, other = {"image": [[1.0]], "count": 1, "unusable": 0}, {"image": [[1.0, 2.0]], "count": 1}
    assert ImageSum("e").merge([{}, dict.fromkeys(one), one])["count"] == 1
    with pytest.raises(SettingError, match="their images differ in size; give all hubs the same events"):
        ImageSum("e").merge([one, other])


def test_an_event_of_an_array_without_an_image():
    document = plain(in_arrays(ImageSum("e"), [{"e": [[1, 2]]}, {"e": None}, {"e": [[3, 4]]}]).sample())
    assert document == {"image": [[4, 6]], "max": 6, "count": 2, "unusable": 1}


def test_images_of_awkward_that_are_of_one_size_are_summed_at_once():
    processor = ImageSum("e")
    with patch.object(ImageSum, "_add") as one_at_a_time:
        processor.events(awkward.Array([{"e": [[1, 2]]}, {"e": [[3, 4]]}]))
    assert not one_at_a_time.called
    assert processor.sample()["image"].tolist() == [[4, 6]]
