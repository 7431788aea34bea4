"""Filters: which clips of a manifest match."""

import difflib
from collections.abc import Iterable

import pandas as pd

from retable.errors import DataError, listed
from retable.spec.corpus import Filter


def matching_rows(clips: pd.DataFrame, filters: Iterable[Filter], place: str) -> "pd.Series[bool]":
    """Which rows match any of the filters, on the index of the table.

    Args:
        clips: one row a clip; values are compared as text.
        filters: each matches where every one of its columns holds one of its values.
        place: whose filters these are, for the message.

    Raises:
        DataError: the table lacks a column that a filter names.
    """
    matching = pd.Series(False, index=clips.index)
    for one in filters:
        of_one = pd.Series(True, index=clips.index)
        for column, values in one.items():
            if column not in clips.columns:
                raise _unknown_column(clips, column, place)
            of_one &= clips[column].astype(str).isin(values)
        matching |= of_one
    return matching


def values_present(column: pd.Series) -> str:
    """The distinct values of a column, for a message that a filter finds none of its own."""
    return listed([repr(value) for value in sorted(set(column.astype(str)))]) or "none"


def _unknown_column(clips: pd.DataFrame, column: str, place: str) -> DataError:
    near = difflib.get_close_matches(column, list(clips.columns), n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return DataError(
        f"{place} filters on column {column!r}, which the manifest lacks: {hint}It has "
        f"{', '.join(clips.columns)}"
    )
