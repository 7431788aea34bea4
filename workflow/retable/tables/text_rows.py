"""Long forms of the numbers in a paper's running text: results and settings."""

from collections.abc import Mapping, Sequence

import pandas as pd

from retable.errors import ConfigError
from retable.spec.table import TextRow
from retable.tables.best_parameter import best_parameter_line
from retable.tables.gains import gain_line
from retable.tables.lines import Line, as_long_form, blank_line, key_of, text_lines
from retable.tables.matching import nearest
from retable.tables.published import published_rows
from retable.tables.readings import setting_line
from retable.tables.results import Results
from retable.tables.scored import result_line
from retable.tables.verdicts import CITED, NOT_REPRODUCED

Parameters = Mapping[str, Mapping[str, float]]
"""Figure -> experiment -> the number that it is drawn at."""


def text_long_forms(
    rows: Sequence[TextRow],
    printed: pd.DataFrame,
    results: Results,
    parameters: Parameters,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Long forms of the text's results and of its settings, each in the published order.

    A published number without a row, or whose row names nothing to reproduce it from, is `cited`
    where the paper cites it from elsewhere, else `not reproduced`.

    Args:
        rows: The paper's text rows.
        printed: All numbers of the paper, from `read_published`; those of table `text` are used,
            and any that a gain is over.
        results: Scores of what is in the rows' cells, what the settings are read from, and how to
            obtain the data of those without.
        parameters: The numbers that compared experiments are drawn at.

    Raises:
        ConfigError: A row is not published, or names no experiment.
        DataError: Scores or sources lack what a row needs.
    """
    by_key = {(row.row, row.column, row.metric): row for row in rows}
    records = {key_of(line): line for line in text_lines(published_rows(printed, "text"))}
    faults = [
        f"the text row {' / '.join(key)} is not published{nearest(key, records)}"
        for key in by_key
        if key not in records
    ]
    if faults:
        raise ConfigError(results.source, faults)
    table = as_long_form(
        [
            _line(line, by_key.get(key), printed, results, parameters)
            for key, line in records.items()
        ]
    )
    is_setting = table["kind"] == "setting"
    return table[~is_setting].reset_index(drop=True), table[is_setting].reset_index(drop=True)


def _line(
    line: Line,
    row: TextRow | None,
    printed: pd.DataFrame,
    results: Results,
    parameters: Parameters,
) -> Line:
    if row is None or not (row.cell or row.gain or row.setting or row.best):
        return blank_line(line, CITED if line["kind"] == CITED else NOT_REPRODUCED)
    where = f"{results.source}, {row.row} / {row.column} / {row.metric}"
    if row.setting is not None:
        return setting_line(line, row.setting, results)
    if row.gain is not None:
        return gain_line(line, row.gain, results, printed, where)
    if row.best is not None:
        return best_parameter_line(line, row.best, parameters[row.best.figure], results, where)
    if row.cell is None or row.cell.experiment is None:
        raise ConfigError(where, ["its cell names no experiment"])
    return result_line(line, row.cell, results, "paper")
