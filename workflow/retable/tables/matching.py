"""Matching a table's rows, columns and metrics with the keys that the paper prints."""

import difflib
from collections.abc import Collection, Iterable, Mapping

import pandas as pd

from retable.errors import ConfigError
from retable.spec.table import Cell, RelativeGain, Table
from retable.tables.cells import merge_cells
from retable.tables.verdicts import decimals_of

CellKey = tuple[str, str, str]
"""Row, column and metric of a printed number."""


def match_cells(table: Table, published: pd.DataFrame, source: str) -> dict[CellKey, Cell]:
    """Cell of every published number of a table, in the published order, and of its extra rows.

    Rows of relative gains have no cells of their own: see `match_relative_gains`.

    A row without an experiment (values that the paper cites) may leave cells empty, as the paper
    prints a dash; any other cell must be published. Extra rows fill the columns and metrics that
    the paper prints, as far as they name an experiment and a task.

    Raises:
        ConfigError: A published number has no cell, a cell no published number, an extra row is
            published or not among the rows, or single cells are of no row.
    """
    assert not table.relative_gains.keys() & table.rows.keys(), "checked with the configuration"
    all_cells = _all_cells(table, source)
    cells = {key: cell for key, cell in all_cells.items() if key[0] not in table.extra}
    printed: dict[CellKey, None] = {
        key: None for key in _published_keys(published) if key[0] not in table.relative_gains
    }
    gains = [
        (name, column, gain.printed_as)
        for name, gain in table.relative_gains.items()
        for column in table.columns
    ]
    without_cell = [key for key in printed if key not in cells]
    not_published = [
        key for key, cell in cells.items() if key not in printed and cell.experiment is not None
    ]
    faults = [
        f"the published {_name(key)} has no cell{nearest(key, [*not_published, *gains])}"
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
    for field, named in (("extra", table.extra), ("cells", table.cells)):
        faults += [f"{field} names no row {row!r}" for row in named if row not in table.rows]
    if faults:
        raise ConfigError(source, faults)
    return {key: cells[key] for key in printed} | _extra_cells(table, all_cells, published)


def match_relative_gains(
    table: Table, published: pd.DataFrame, cells: Mapping[CellKey, Cell], source: str
) -> dict[CellKey, RelativeGain]:
    """Spec of every published relative gain of a table, in the published order, then of ours.

    A gain stands in each column in which both rows have a number of its metric: of a row that the
    paper prints all are published. A row that it does not print is one of ours, and so is every row
    that is made of printed numbers.

    Args:
        table: Its gains name rows and metrics that there are, and are none of `rows`.
        published: The table's rows of `read_published`.
        cells: What `match_cells` says.
        source: The paper and table, for messages.

    Raises:
        ConfigError: A published gain is of no row, a row lacks a published gain or has no column
            at all, or one of printed numbers is published.
    """
    keys = _published_keys(published)
    printed = [key for key in keys if key[0] in table.relative_gains]
    printed_rows = {key[0] for key in printed}
    gains = {
        (name, column, gain.printed_as): gain
        for name, gain in table.relative_gains.items()
        for column in table.columns
        if _has_both(gain, column, keys, cells, name in printed_rows)
    }
    without = [key for key in printed if key not in gains]
    not_published = [key for key in gains if key[0] in printed_rows and key not in printed]
    faults = [
        f"the published {_name(key)} has no cell{nearest(key, not_published)}" for key in without
    ]
    faults += [
        f"the gain {_name(key)} is not published{nearest(key, without)}" for key in not_published
    ]
    with_columns = {key[0] for key in gains}
    for name, gain in table.relative_gains.items():
        if gain.of_printed and name in printed_rows:
            faults.append(
                f"the gain {name!r} is published, but of_printed makes it a row of ours; drop "
                "of_printed, or rename it"
            )
        if name not in with_columns:
            faults.append(
                f"the gain {name!r} has no column: in none have both {gain.of!r} and "
                f"{gain.over!r} a number of metric {gain.metric!r}"
            )
    if faults:
        raise ConfigError(source, faults)
    return {key: gains[key] for key in printed} | gains


def _has_both(
    gain: RelativeGain,
    column: str,
    published: Collection[CellKey],
    cells: Mapping[CellKey, Cell],
    is_printed: bool,
) -> bool:
    """Whether both rows have the number in a column that a gain is made of."""
    sides = [(row, column, gain.metric) for row in (gain.of, gain.over)]
    if gain.of_printed:
        return all(side in published for side in sides)
    return all(side in cells and (is_printed or cells[side].experiment) for side in sides)


def _published_keys(published: pd.DataFrame) -> list[CellKey]:
    return list(published[["row", "column", "metric"]].itertuples(index=False, name=None))


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
