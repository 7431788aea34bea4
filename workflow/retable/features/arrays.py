"""Reading the `.npz` files from which figures are drawn."""

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import numpy as np

from retable.errors import DataError

Content = TypeVar("Content")


def read_arrays(
    path: Path, what: str, build: Callable[[Mapping[str, np.ndarray]], Content]
) -> Content:
    """What the arrays of a file stand for.

    Args:
        path: an `.npz` file without pickled objects.
        what: the content, in the plural, for the message.
        build: makes the content of the arrays by name.

    Raises:
        DataError: the file is missing, is no such file, or lacks an array.
    """
    try:
        with np.load(path) as file:
            return build(dict(file))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise DataError(
            f"{path}: holds no {what} ({error}); remove it and build it again"
        ) from error
