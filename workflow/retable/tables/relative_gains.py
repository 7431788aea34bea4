"""Rows of relative gains: by how many percent one row of a table exceeds another."""

from typing import NamedTuple

from retable.errors import ConfigError
from retable.spec.table import Cell
from retable.tables.gains import (
    PERCENT_UNITS,
    compared_number,
    compared_result,
    in_percent,
    relative_gain,
)
from retable.tables.lines import Line, blank_line, key_of
from retable.tables.missing import missing_line, missing_steps
from retable.tables.results import Results
from retable.tables.scored import number_faults, outcome_line
from retable.tables.verdicts import CITED, NOT_REPRODUCED, decimals_of


class Side(NamedTuple):
    """One of the two numbers that a gain is between."""

    line: Line
    cell: Cell


def relative_gain_line(
    line: Line, of: Side, over: Side, form: str, results: Results, variant: str
) -> Line:
    """Line of the gain of one row over another in a column (vggvox_mtl, Table 3, row `+`).

    It is judged as a result, with the standard deviation that those of both sides make; see
    `gains.relative_gain`. Without a result behind both sides it is `not reproduced`, and so it is
    over a result of zero.

    Args:
        line: The published gain, or one of ours.
        of: The number that exceeds.
        over: The number that is exceeded.
        form: A gain with as many decimals; empty for as many as those of `of`.
        results: Scores of the experiments in both cells, or how to obtain their data.
        variant: Of both experiments.

    Raises:
        ConfigError: A cell is incomplete, has no scores or is a standard deviation; or a published
            value is no number.
        DataError: The scores lack what a cell needs.
    """
    where = _where(line, results)
    if faults := number_faults(line):
        raise ConfigError(where, faults)
    experiments = [side.cell.experiment for side in (of, over)]
    if None in experiments:
        return blank_line(line, CITED if line["kind"] == CITED else NOT_REPRODUCED)
    steps = missing_steps(experiments, results.missing)
    if steps is not None:
        return missing_line(line, steps, variant)
    exceeds, exceeded = (
        compared_result(side.cell, side.line, results.scores, variant, where) for side in (of, over)
    )
    gained = relative_gain(exceeds, exceeded, in_percent(of.cell, of.line))
    decimals = decimals_of(form or exceeds.printed)
    return outcome_line(line, gained, decimals, variant, results.comparability)


def printed_relative_gain_line(
    line: Line, of: Line, over: Line, form: str, results: Results
) -> Line:
    """Line of the gain that follows from two numbers of the paper: what should stand there.

    It needs no scores, and is the same whatever the audio. The rows `+` of vggvox_mtl, Table 3, do
    not follow from those above: 43.5 over 37.1 is 17.3 %, where 16.2 is printed.

    Raises:
        ConfigError: A published value is no number.
    """
    where = _where(line, results)
    exceeds, exceeded = (compared_number(side, "the printed", where) for side in (of, over))
    gained = relative_gain(exceeds, exceeded, of["unit"] in PERCENT_UNITS)
    decimals = decimals_of(form or exceeds.printed)
    return outcome_line(line, gained, decimals, "paper", results.comparability)


def _where(line: Line, results: Results) -> str:
    return f"{results.source}, {' / '.join(key_of(line))}"
