"""The way to what needs the extra `ping`: fetching and tables. Measuring needs no library."""

from contextlib import AbstractContextManager

from WardenServer.errors import WardenError
from WardenServer.plugins.common.libraries import needed


def libraries(kind: type[WardenError] = WardenError) -> AbstractContextManager[None]:
    """Around imports: a library that is missing is said with its cure, as an error of this kind."""
    return needed("ping", kind)
