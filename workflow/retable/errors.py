"""Errors that a user can act on.

Each message names the file, the value found, what was expected and what to do next.
Scripts print them without a traceback; any other exception is a defect and keeps its own.
"""

from collections.abc import Sequence


class RetableError(Exception):
    """A fault in the input, the configuration or the environment, worded for the user."""


class ConfigError(RetableError):
    """`config.yaml`, a scale or a paper is wrong; lists every fault found."""

    def __init__(self, source: str, faults: list[str]):
        self.faults = faults
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        super().__init__("\n".join([f"{source}: {count}", *(f"  - {fault}" for fault in faults)]))


class DataError(RetableError):
    """A corpus, an archive, a clip or a table of ours does not hold what it must."""


class MissingData(DataError):
    """A corpus is not there and may not be fetched: the message says how to come by it."""


class DownloadError(RetableError):
    """An archive could not be fetched from any of its addresses."""


class TrainingError(RetableError):
    """A training cannot go on: it diverged, or it was told to stop."""


class CheckError(RetableError):
    """A finished build failed one of its own checks."""


def listed(names: Sequence[object], most: int = 10, separator: str = ", ") -> str:
    """The first of some names and how many more there are, for a message: `a, b and 3 more`.

    Where names are clauses, another separator stands before the last part too:
    `a is short; b is short; and 3 more`.
    """
    text = separator.join(map(str, names[:most]))
    if len(names) <= most:
        return text
    return f"{text}{' ' if separator == ', ' else separator}and {len(names) - most} more"
