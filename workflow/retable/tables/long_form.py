"""The long form of a table: one line for each printed number, beside what was reproduced."""

import math
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from retable.errors import ConfigError, DataError
from retable.spec.table import Cell, Table
from retable.tables.cells import cell_faults, reproduced_value
from retable.tables.lines import (
    COLUMNS,
    Line,
    added_note,
    as_long_form,
    blank_line,
    key_of,
    text_lines,
)
from retable.tables.matching import CellKey, match_cells
from retable.tables.missing import missing_line, missing_steps
from retable.tables.results import ExperimentScores, Results
from retable.tables.verdicts import (
    CITED,
    NOT_PRINTED,
    NOT_REPRODUCED,
    decimals_of,
    print_difference,
    print_number,
    result_verdict,
)
from retable.tsv import read_tsv

EXTRA = "extra"
"""Kind of a line that the paper does not print."""
ONE_REPEAT = "one repeat has no spread"
"""Note of a standard deviation over repeats where there is but one."""


def table_long_form(table: Table, published: pd.DataFrame, results: Results) -> pd.DataFrame:
    """Long form of a numbered table, with `COLUMNS`, in the published order.

    Each published number has one line in variant `paper`, and so has each number of the rows that
    the table names in `extra` (kind `extra`, without a published value); the rows that it names in
    `clean` have further lines in variant `clean`, after those of the paper, where there is one.

    Args:
        table: Rows, columns and metrics with their cells.
        published: The table's rows of `read_published`.
        results: Scores of every experiment that a cell names, or how to obtain its data.

    Raises:
        ConfigError: Table and published numbers do not match, or a cell is incomplete.
        DataError: The scores lack what a cell needs.
    """
    cells = match_cells(table, published, results.source)
    rows = text_lines(published)
    rows += [_extra_row(key, cell) for key, cell in cells.items() if key[0] in table.extra]
    return as_long_form(
        [
            result_line(row, cells[key_of(row)], results, variant)
            for variant in ("paper", "clean")
            for row in rows
            if variant == "paper"
            or (row["row"] in table.clean and _has_clean(cells[key_of(row)], results))
        ]
    )


def _has_clean(cell: Cell, results: Results) -> bool:
    """Whether there is such a variant of a cell, or would be if its data were there."""
    scored = results.scores.get(cell.experiment or "")
    if scored is None:
        return cell.experiment in results.missing
    return "clean" in set(scored.scores["variant"])


def result_line(row: Line, cell: Cell, results: Results, variant: str) -> Line:
    """Line of one published number whose counterpart is scored; see `table_long_form`.

    A standard deviation over one repeat is `not reproduced`, or stays `not in the paper`. The note
    tells which repeat and fold the value is of, where it is not that of all.
    """
    if cell.experiment is None:
        return blank_line(row, CITED if row["kind"] == CITED else NOT_REPRODUCED)
    steps = missing_steps([cell.experiment], results.missing)
    if steps is not None:
        return missing_line(row, steps, variant)
    where = f"{results.source}, {' / '.join(key_of(row))}"
    experiment = scores_of(cell, row, results.scores, where)
    if cell.percent is None:
        cell = cell.model_copy(update={"percent": row["unit"] == "%"})
    value = reproduced_value(cell, experiment, variant, row["row"], row["column"])
    if math.isnan(value.value):
        verdict = NOT_REPRODUCED if row["value"] else NOT_PRINTED
        note = added_note(row, ONE_REPEAT)
        return {**blank_line(row, verdict), "variant": variant, "n": str(value.n), "note": note}
    decimals = decimals_of(row["value"]) if cell.decimals is None else cell.decimals
    reproduced = print_number(value.value, decimals)
    verdict = result_verdict(row["value"], reproduced, value.sd, variant, results.comparability)
    return {
        **blank_line(row, verdict),
        "variant": variant,
        "reproduced": reproduced,
        "difference": print_difference(row["value"], reproduced),
        "sd": "" if value.sd is None else print_number(value.sd, decimals),
        "n": str(value.n),
        "note": added_note(row, value.note),
    }


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


def scores_of(
    cell: Cell, row: Line, scores: Mapping[str, ExperimentScores], where: str
) -> ExperimentScores:
    """Scores of a cell's experiment or fusion.

    Raises:
        ConfigError: The cell is incomplete, contradicts itself or has no scores, or the published
            value is no number.
    """
    faults = cell_faults(cell)
    experiment = scores.get(cell.experiment or "")
    if experiment is None:
        faults.append(
            f"experiment or fusion {cell.experiment!r} has no scores; there are "
            + ", ".join(sorted(scores))
        )
    try:
        float(row["value"] or "nan")
    except ValueError:
        faults.append(f"the published value {row['value']!r} is no number")
    if faults or experiment is None:
        raise ConfigError(where, faults)
    return experiment


def _extra_row(key: CellKey, cell: Cell) -> Line:
    names = dict(zip(("row", "column", "metric"), key, strict=True))
    return {**names, "value": "", "unit": "%" if cell.percent else "", "kind": EXTRA, "note": ""}
