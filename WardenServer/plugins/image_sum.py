"""The sum of the images in a field, pixel by pixel.

    [agents.camera]
    plugin = "image_sum"
    stream = "daq"
    field = "image"

Settings: `field` ("camera.image" is image in the record camera) and `reset` (false; true begins anew at each sample).

Publishes `image` (the sum; null before the first image), `max` (its largest pixel), `count` (images in it), and
`unusable`: events without an image, or with one of another size than the first, with other values than finite numbers,
or of more than 16 million pixels.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from WardenServer.errors import SettingError
from WardenServer.plugins.common.event_fields import Field
from WardenServer.processor import Processor

#: Most pixels of an image.
MOST = 16_000_000

Image = np.ndarray[Any, Any]


class ImageSum(Processor):
    """Adds images up as float64, in which whole numbers up to 2**53 are exact."""

    name = "image_sum"
    FIELDS: ClassVar[dict[str, dict[str, Any]]] = {
        "image": {"dtype": "float", "dims": 2},
        "max": {"dtype": "float"},
        "count": {"dtype": "int", "format": "%d"},
        "unusable": {"dtype": "int", "format": "%d"},
    }

    def __init__(self, field: str, reset: bool = False) -> None:
        """Begin with nothing; raises SettingError where `field` is no path of a field."""
        self.field = Field(field)
        self.path, self.reset = self.field.path, reset
        self.total: Image | None = None
        self.count = self.unusable = 0

    def event(self, event: Any) -> None:
        """Add the image of one event."""
        self._add(self.field.of(event))

    def events(self, batch: Any) -> None:
        """Add the images of many events: at once where all have the same size."""
        column = _regular(self.field.column(batch))
        if isinstance(column, np.ndarray) and self._fits(column):
            self._sum_up(column.sum(axis=0, dtype=float), len(column))
            return
        for image in column:
            self._add(image)

    def _fits(self, column: Image) -> bool:
        if column.ndim != 3 or not 0 < column.size <= MOST * len(column) or not _is_numbers(column):
            return False
        return self.total is None or column.shape[1:] == self.total.shape

    def _add(self, value: Any) -> None:
        image = _image(value)
        if image is None or (self.total is not None and image.shape != self.total.shape):
            self.unusable += 1
        else:
            self._sum_up(image, 1)

    def _sum_up(self, images: Image, count: int) -> None:
        self.count += count
        if self.total is None:
            self.total = np.zeros(images.shape)
        with np.errstate(over="ignore", invalid="ignore"):
            self.total += images

    def sample(self) -> dict[str, Any]:
        """The sum of now."""
        document = _document(self.total, self.count, self.unusable)
        if self.reset:
            self.total, self.count, self.unusable = None, 0, 0
        return document

    def load(self, old: Any) -> None:
        """Go on with the sum of `old`, if it is of the same field."""
        if getattr(old, "path", "") == self.path:
            self.total = None if old.total is None else old.total.copy()
            self.count, self.unusable = getattr(old, "count", 0), getattr(old, "unusable", 0)

    def merge(self, samples: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """The sum of several; those without an image are passed over.

        Raises:
            SettingError: two have images of other sizes.
        """
        images = [np.asarray(sample["image"], dtype=float) for sample in samples if sample.get("image") is not None]
        if len({image.shape for image in images}) > 1:
            raise SettingError("samples cannot be merged: their images differ in size; give all hubs the same events")
        counts = (sum(sample.get(name) or 0 for sample in samples) for name in ("count", "unusable"))
        return _document(np.sum(images, axis=0) if images else None, *counts)


def _document(image: Image | None, count: int, unusable: int) -> dict[str, Any]:
    highest = None if image is None else float(image.max())
    return {
        "image": None if image is None else image.copy(),
        "max": highest if highest is not None and np.isfinite(highest) else None,
        "count": count,
        "unusable": unusable,
    }


def _is_numbers(values: Image) -> bool:
    return values.dtype.kind in "biuf" and bool(np.isfinite(values).all())


def _image(value: Any) -> Image | None:
    """A value as an image of finite numbers; None where it is none."""
    try:
        image = np.asarray(value)
    except (ValueError, OverflowError, RuntimeError):  # rows of different lengths, numbers that are too large
        return None
    fits = image.ndim == 2 and 0 < image.size <= MOST
    return image if fits and _is_numbers(image) else None


def _regular(column: Any) -> Any:
    """A column of awkward as an array of numpy where all images have the same size, else as a list."""
    if isinstance(column, np.ndarray | list):
        return column
    import awkward

    try:
        return awkward.to_numpy(column, allow_missing=False)
    except (TypeError, ValueError):
        return column.tolist()
