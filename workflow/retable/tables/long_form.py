"""The long form of a table: one line for each printed number, beside what was reproduced."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from retable.errors import DataError
from retable.spec.table import Cell, RelativeGain, Table
from retable.tables.lines import COLUMNS, EXTRA, Line, as_long_form, key_of, text_lines
from retable.tables.matching import CellKey, match_cells, match_relative_gains
from retable.tables.relative_gains import Side, printed_relative_gain_line, relative_gain_line
from retable.tables.results import Results
from retable.tables.scored import result_line
from retable.tsv import read_tsv


def table_long_form(table: Table, published: pd.DataFrame, results: Results) -> pd.DataFrame:
    """Long form of a numbered table, with `COLUMNS`, in the published order.

    Each published number has one line in variant `paper`, and so has each number of the rows that
    the table names in `extra`, and then of those of its gains that the paper does not print
    (kind `extra`, without a published value); the rows that it names in `clean` have further lines
    in variant `clean`, after those of the paper, where there is one.

    Args:
        table: Rows, columns and metrics with their cells, and the gains of rows over others.
        published: The table's rows of `read_published`.
        results: Scores of every experiment that a cell names, or how to obtain its data.

    Raises:
        ConfigError: Table and published numbers do not match, or a cell is incomplete.
        DataError: The scores lack what a cell needs.
    """
    cells = match_cells(table, published, results.source)
    gains = match_relative_gains(table, published, cells, results.source)
    rows = {key_of(row): row for row in text_lines(published)}
    rows |= {key: _extra_row(key, cell) for key, cell in cells.items() if key[0] in table.extra}
    rows |= {key: _extra_row(key, Cell(percent=True)) for key in gains if key not in rows}
    lines = [_line(key, rows, cells, gains, results, "paper") for key in rows]
    lines += [
        _line(key, rows, cells, gains, results, "clean")
        for key in rows
        if key[0] in table.clean
        and all(_has_clean(cells[made_of], results) for made_of in _behind(key, gains))
    ]
    return as_long_form(lines)


def _line(
    key: CellKey,
    rows: Mapping[CellKey, Line],
    cells: Mapping[CellKey, Cell],
    gains: Mapping[CellKey, RelativeGain],
    results: Results,
    variant: str,
) -> Line:
    row = rows[key]
    if key not in gains:
        return result_line(row, cells[key], results, variant)
    of, over = (Side(rows[made_of], cells[made_of]) for made_of in _behind(key, gains))
    # Our gains are printed as the paper prints its own in that column.
    alike = [line["value"] for other, line in rows.items() if other[1:] == key[1:]]
    form = row["value"] or next(filter(None, alike), "")
    if gains[key].of_printed:
        assert variant == "paper", "checked with the configuration"
        return printed_relative_gain_line(row, of.line, over.line, form, results)
    return relative_gain_line(row, of, over, form, results, variant)


def _behind(key: CellKey, gains: Mapping[CellKey, RelativeGain]) -> list[CellKey]:
    """The number itself, or the two that it is the gain of."""
    if key not in gains:
        return [key]
    gain = gains[key]
    return [(row, key[1], gain.metric) for row in (gain.of, gain.over)]


def _has_clean(cell: Cell, results: Results) -> bool:
    """Whether there is such a variant of a cell, or would be if its data were there."""
    scored = results.scores.get(cell.experiment or "")
    if scored is None:
        return cell.experiment in results.missing
    return "clean" in set(scored.scores["variant"])


def read_long_form(path: Path) -> pd.DataFrame:
    """Read a long form as text.

    Raises:
        DataError: The file is missing or has other columns.
    """
    table = read_tsv(path, COLUMNS)
    if list(table.columns) != list(COLUMNS):
        raise DataError(
            f"{path}: columns {', '.join(table.columns)}; expected {', '.join(COLUMNS)}"
        )
    return table


def _extra_row(key: CellKey, cell: Cell) -> Line:
    names = dict(zip(("row", "column", "metric"), key, strict=True))
    return {**names, "value": "", "unit": "%" if cell.percent else "", "kind": EXTRA, "note": ""}
