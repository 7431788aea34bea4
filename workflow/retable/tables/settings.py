"""Settings that a paper prints, read from what was built."""

import csv
import json
import math
from collections.abc import Sequence, Sized
from pathlib import Path
from typing import Any

import numpy as np

from retable.errors import DataError, listed
from retable.spec.base import value_at
from retable.spec.table import Reading
from retable.tables.results import Sources
from retable.tables.verdicts import decimals_of, print_number

_CLIPS = ("dataset", "manifest")
_BY_INPUT = ("feature", "split", "corpus", *_CLIPS)
_BY_DATASET = ("corpus", *_CLIPS)


def read_setting(reading: Reading, sources: Sources, published: str) -> str:
    """Value of a setting as text, in the paper's unit and form.

    Args:
        reading: Where to look: a dotted key (`structure.filters.0`) in a JSON file, or a column
            of a table of clips. A `run` file lists runs; those of all parts must agree, or are
            counted by how many values they have. Clips may have numbers, of which the mean is
            taken.
        sources: The files that were built.
        published: The printed value, for its form only: an equal number is printed with as many
            decimals, any other as short as it is exact, and a mean with as many; but every number
            with `reading.decimals` where it has them.

    Raises:
        DataError: The source was not built, the key is absent, its value is not single, or no
            number where it has decimals or the mean is taken.
    """
    paths = _source_paths(reading, sources)
    if reading.reduce == "mean":
        decimals = decimals_of(published) if reading.decimals is None else reading.decimals
        return print_number(_mean_over_clips(reading, paths[0]) * reading.scale, decimals)
    if reading.source == "run":
        value: Any = _run_value(reading, paths)
    elif reading.source in _CLIPS:
        value = _clips_value(reading, paths[0])
    else:
        value = _value_at(_read_json(paths[0]), reading.key, paths[0])
    if reading.decimals is not None:
        return _with_decimals(value, reading, reading.decimals, paths[0])
    return _as_printed(value, reading.scale, published)


def _source_paths(reading: Reading, sources: Sources) -> Sequence[Path]:
    built = sources.get(reading.experiment, {})
    if not built.get(reading.source):
        raise DataError(
            f"setting {reading.key!r}: experiment or fusion {reading.experiment!r} has no file for "
            f"source {reading.source!r}; there are {', '.join(sorted(built)) or 'none'}; correct "
            "`experiment` or `source`"
        )
    paths = built[reading.source]
    if reading.source not in _BY_INPUT:
        return paths
    if reading.input >= len(paths):
        counted = "dataset" if reading.source in _BY_DATASET else "input"
        raise DataError(
            f"setting {reading.key!r}: experiment {reading.experiment!r} has no {counted} "
            f"{reading.input}; its {counted}s are counted from 0 to {len(paths) - 1}; correct "
            "`input`"
        )
    return [paths[reading.input]]


def _run_value(reading: Reading, paths: Sequence[Path]) -> Any:
    """Value that all runs of all parts have, or what the number of values says."""
    found = [
        (_value_at(run, reading.key, path), path) for path in paths for run in _read_json(path)
    ]
    values = list(dict.fromkeys(value for value, _ in found))
    if reading.reduce != "value":
        return _count_or_chance(values, reading)
    if len(values) > 1:
        path = next(path for value, path in found if value == values[1])
        raise DataError(
            f"{path}: {reading.key} differs between runs: {listed(values)}; correct the "
            "experiment, or count it"
        )
    return values[0]


def _count_or_chance(values: Sized, reading: Reading) -> float:
    """How many distinct values there are, or how often a guess among them is right."""
    return 1 / len(values) if reading.reduce == "chance" else len(values)


def _read_json(path: Path) -> Any:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError) as error:
        raise DataError(f"{path}: no readable JSON ({error}); build it again") from error
    if document == []:
        raise DataError(f"{path}: it lists no runs; build it again")
    return document


def _value_at(document: Any, key: str, path: Path) -> Any:
    try:
        return value_at(document, key)
    except ValueError as fault:
        raise DataError(f"{path}: {fault}; correct `key`") from fault


def _clips_value(reading: Reading, path: Path) -> str | float:
    """Value that all clips have, or what the number of values says."""
    values = set(_clip_values(reading, path))
    if reading.reduce != "value":
        return _count_or_chance(values, reading)
    if len(values) > 1:
        raise DataError(
            f"{path}: column {reading.key!r} is not the same for all clips: "
            f"{listed(sorted(values))}; narrow `where`, or count it"
        )
    return values.pop()


def _mean_over_clips(reading: Reading, path: Path) -> float:
    """Mean of a column of numbers."""
    numbers = []
    for value in _clip_values(reading, path):
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise DataError(
                f"{path}: column {reading.key!r} holds {value!r}, of which there is no mean; name "
                "a column of numbers"
            )
        numbers.append(number)
    return math.fsum(numbers) / len(numbers)


def _clip_values(reading: Reading, path: Path) -> list[str]:
    """The value of every clip that is looked at; there is one at least."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t")
        columns = list(rows.fieldnames or [])
        for column in (reading.key, *reading.where):
            if column not in columns:
                raise DataError(
                    f"{path}: no column {column!r}; there is {', '.join(columns)}; correct `key` "
                    "or `where`"
                )
        values = [
            row[reading.key]
            for row in rows
            if all(row[column] == wanted for column, wanted in reading.where.items())
        ]
    if not values:
        raise DataError(f"{path}: no clip has {reading.where}; correct `where`")
    return values


def _with_decimals(value: Any, reading: Reading, decimals: int, path: Path) -> str:
    try:
        number = math.nan if isinstance(value, bool) or value is None else float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise DataError(
            f"{path}: {reading.key} is {value!r}, which has no decimals; name a number, or drop "
            "the reading's `decimals`"
        )
    return print_number(number * reading.scale, decimals)


def _as_printed(value: Any, scale: float, published: str) -> str:
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    try:
        number = float(value) * scale
    except ValueError:
        return str(value)
    # The scale is a decimal factor such as 0.001: drop the noise that binary fractions add.
    number = float(f"{number:.12g}")
    try:
        same = math.isclose(number, float(published), rel_tol=1e-9, abs_tol=0.0)
    except ValueError:
        same = False
    if same:
        return _in_form(number, published)
    return np.format_float_positional(number, trim="-")


def _in_form(number: float, published: str) -> str:
    """The number with the decimals of the published one, and as a power of ten (`1e-8`) if so."""
    mantissa, power, _ = published.lower().partition("e")
    if not power:
        return f"{number:.{decimals_of(published)}f}"
    digits, _, exponent = f"{number:.{decimals_of(mantissa)}e}".partition("e")
    return f"{digits}e{int(exponent)}"
