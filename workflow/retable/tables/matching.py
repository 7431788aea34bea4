"""Matching a table's rows, columns and metrics with the keys that the paper prints."""

import difflib
from collections.abc import Iterable, Mapping

import pandas as pd

from retable.errors import ConfigError
from retable.spec.table import Cell, Table
from retable.tables.cells import merge_cells
from retable.tables.verdicts import decimals_of

CellKey = tuple[str, str, str]
"""Row, column and metric of a printed number."""


def match_cells(table: Table, published: pd.DataFrame, source: str) -> dict[CellKey, Cell]:
    """Cell of every published number of a table, in the published order, and of its extra rows.

    A row without an experiment (values that the paper cites) may leave cells empty, as the paper
    prints a dash; any other cell must be published. Extra rows fill the columns and metrics that
    the paper prints, as far as they name an experiment and a task.

    Raises:
        ConfigError: A published number has no cell, a cell no published number, or an extra row is
            published or not among the rows.
    """
    all_cells = _all_cells(table, source)
    cells = {key: cell for key, cell in all_cells.items() if key[0] not in table.extra}
    printed: dict[CellKey, None] = {
        key: None
        for key in published[["row", "column", "metric"]].itertuples(index=False, name=None)
    }
    without_cell = [key for key in printed if key not in cells]
    not_published = [
        key for key, cell in cells.items() if key not in printed and cell.experiment is not None
    ]
    faults = [
        f"the published {_name(key)} has no cell{nearest(key, not_published)}"
        for key in without_cell
    ]
    faults += [
        f"the cell {_name(key)} is not published{nearest(key, without_cell)}"
        for key in not_published
    ]
    for place, keys in enumerate((table.rows, table.columns, table.metrics)):
        used = {key[place] for key in printed} | set(table.extra)
        part = ("row", "column", "metric")[place]
        faults += [f"the {part} {key!r} is not published" for key in keys if key not in used]
    for field in ("clean", "extra", "cells"):
        named = getattr(table, field)
        faults += [f"{field} names no row {row!r}" for row in named if row not in table.rows]
    if faults:
        raise ConfigError(source, faults)
    return {key: cells[key] for key in printed} | _extra_cells(table, all_cells, published)


def _all_cells(table: Table, source: str) -> dict[CellKey, Cell]:
    return {
        (row, column, metric): merge_cells(
            (row_cell, column_cell, metric_cell, table.cells.get(row, {}).get(column, Cell())),
            f"{source}, {row} / {column} / {metric}",
        )
        for row, row_cell in table.rows.items()
        for column, column_cell in table.columns.items()
        for metric, metric_cell in table.metrics.items()
    }


def _extra_cells(
    table: Table, cells: Mapping[CellKey, Cell], published: pd.DataFrame
) -> dict[CellKey, Cell]:
    """Cells of the extra rows, in the unit and with the decimals of the column and metric, unless
    they say how many decimals they have.
    """
    forms = {
        (column, metric): {"percent": unit == "%", "decimals": decimals_of(value)}
        for column, metric, unit, value in published[
            ["column", "metric", "unit", "value"]
        ].itertuples(index=False, name=None)
    }
    return {
        key: cell.model_copy(
            update=forms[key[1:]] | cell.model_dump(include={"decimals"}, exclude_none=True)
        )
        for key, cell in cells.items()
        if key[0] in table.extra and key[1:] in forms and cell.experiment and cell.task
    }


def nearest(key: CellKey, known: Iterable[CellKey]) -> str:
    """Text ` (nearest: ...)` with the most similar known key, or nothing."""
    matches = difflib.get_close_matches(_name(key), [_name(other) for other in known], n=1)
    return f" (nearest: {matches[0]})" if matches else ""


def _name(key: CellKey) -> str:
    return " / ".join(key)
