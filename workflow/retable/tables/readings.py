"""Tables and text rows of settings and counts, which are read from what was built."""

import math

import pandas as pd

from retable.errors import ConfigError
from retable.spec.table import Cell, Reading, Table
from retable.tables.lines import Line, as_long_form, blank_line, key_of, text_lines
from retable.tables.matching import match_cells
from retable.tables.missing import missing_line, missing_steps
from retable.tables.results import Results
from retable.tables.settings import read_setting
from retable.tables.verdicts import (
    CITED,
    derived_verdict,
    mean_verdict,
    print_difference,
    setting_verdict,
)

KINDS = ("setting", "count", CITED)
"""Kinds of the numbers of a table with a reading."""


def reading_long_form(
    table: Table, reading: Reading, published: pd.DataFrame, results: Results
) -> pd.DataFrame:
    """Long form of a table of settings or counts (cabcnn, Tables 1 and 2), in the published order.

    Only what the paper prints has a line: a layer has a size and no dropout. A setting is judged
    whatever the audio; a count follows from the audio and has a difference as well.

    Args:
        table: Rows, columns and metrics, of which nothing but their `key` is looked at.
        reading: Where to look, `table.reading`; `{row}`, `{column}` and `{metric}` in its key stand
            for their keys, or their names where they have none.
        published: The table's rows of `read_published`.
        results: The files that were built, or how to obtain the data.

    Raises:
        ConfigError: Table and published numbers do not match, a cell says more than its key, or a
            published number is no setting or count.
        DataError: The source was not built, or the key leads nowhere in it.
    """
    faults = [
        f"the {part} {name!r} sets {', '.join(extra)}; with a reading it has a key alone"
        for part, cells in _cells_by_part(table).items()
        for name, cell in cells.items()
        if (extra := sorted(cell.model_fields_set - {"key"}))
    ]
    if table.cells:
        faults.append("single cells are not read; drop `cells`")
    if faults:
        raise ConfigError(results.source, faults)
    match_cells(table, published, results.source)
    return as_long_form(
        [_read_line(line, table, reading, results) for line in text_lines(published)]
    )


def setting_line(line: Line, reading: Reading, results: Results) -> Line:
    """Line of a setting of the running text; a mean over clips is judged where the audio allows."""
    steps = missing_steps([reading.experiment], results.missing)
    if steps is not None:
        return missing_line(line, steps)
    reproduced = read_setting(reading, results.sources, line["value"])
    if reading.reduce == "mean":
        verdict = mean_verdict(line["value"], reproduced, results.comparability)
    else:
        verdict = setting_verdict(line["value"], reproduced)
    return {**blank_line(line, verdict), "reproduced": reproduced}


def _read_line(line: Line, table: Table, reading: Reading, results: Results) -> Line:
    if line["kind"] not in KINDS:
        raise ConfigError(
            f"{results.source}, {' / '.join(key_of(line))}",
            [f"a reading gives settings and counts, but this is a {line['kind']}"],
        )
    if line["kind"] == CITED:
        return blank_line(line, CITED)
    filled = reading.model_copy(update={"key": _filled_key(reading.key, line, table)})
    read = setting_line(line, filled, results)
    if line["kind"] == "setting" or not read["reproduced"]:
        return read
    published, reproduced = read["published"], read["reproduced"]
    are_numbers = _is_number(published) and _is_number(reproduced)
    counted = derived_verdict(published, reproduced, results.comparability)
    return {
        **read,
        "difference": print_difference(published, reproduced) if are_numbers else "",
        "verdict": read["verdict"] if reading.reduce == "mean" else counted,
    }


def _cells_by_part(table: Table) -> dict[str, dict[str, Cell]]:
    return {"row": table.rows, "column": table.columns, "metric": table.metrics}


def _filled_key(key: str, line: Line, table: Table) -> str:
    for part, cells in _cells_by_part(table).items():
        key = key.replace(f"{{{part}}}", cells[line[part]].key or line[part])
    return key


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
