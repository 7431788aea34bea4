"""By how much one result exceeds another."""

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

import pandas as pd

from retable.errors import ConfigError
from retable.spec.table import Cell, Gain
from retable.tables.cells import reproduced_value
from retable.tables.lines import Line, added_note, blank_line
from retable.tables.long_form import scores_of
from retable.tables.missing import missing_line, missing_steps
from retable.tables.published import printed_line
from retable.tables.results import ExperimentScores, Results
from retable.tables.verdicts import (
    CITED,
    decimals_of,
    print_difference,
    print_number,
    result_verdict,
)

PERCENT_UNITS = ("%", "points")
"""Units of a gain between cells in percent."""


class _Value(NamedTuple):
    """One side of a gain."""

    printed: str
    sd: float | None
    """Absent where there is but one run; 0 where it is cited."""
    n: int | None
    """Runs behind it; absent where it is cited."""
    note: str = ""
    """Which repeat and fold it is of, where not all stand behind it."""


def gain_line(line: Line, gain: Gain, results: Results, printed: pd.DataFrame, where: str) -> Line:
    """Line of a published gain: the difference of two results as they are printed.

    Papers subtract the numbers of their tables (mixup_mtl: 76.64 - 73.91 = 2.73), so both values
    are rounded first, to the gain's decimals or those of the cell. The note tells them and, of
    numbers in percent, the relative gain of one printed number over the other: a paper's "10 %" may
    mean either (cabcnn: 95.99 - 86.45 = 9.54 points, 11.0 %). The standard deviation is that of a
    difference of independent values, `n` the smaller number of runs.

    Args:
        line: The published gain, as text.
        gain: The cells, or the cell and the number that the paper cites.
        results: Scores of the experiments and fusions in the cells, or how to obtain their data.
        printed: All numbers of the paper, from `read_published`.
        where: The row, for messages.

    Raises:
        ConfigError: A cell is incomplete, has no scores or is a standard deviation; the number to
            exceed is not a cited one; or the published value is no number.
        DataError: The scores lack what a cell needs, or the paper has no such number.
    """
    cells = [cell for cell in (gain.of, gain.over) if cell is not None]
    steps = missing_steps([cell.experiment for cell in cells], results.missing)
    if steps is not None:
        return missing_line(line, steps)
    of, *others = [_result(cell, line, results.scores, where) for cell in cells]
    over = others[0] if others else _cited(gain, printed, where)
    decimals = max(map(decimals_of, (line["value"], of.printed, over.printed)))
    reproduced = print_number(float(Decimal(of.printed) - Decimal(over.printed)), decimals)
    sd = None if of.sd is None or over.sd is None else math.hypot(of.sd, over.sd)
    verdict = result_verdict(line["value"], reproduced, sd, "paper", results.comparability)
    return {
        **blank_line(line, verdict),
        "reproduced": reproduced,
        "difference": print_difference(line["value"], reproduced),
        "sd": "" if sd is None else print_number(sd, decimals),
        "n": str(min(value.n for value in (of, over) if value.n is not None)),
        "note": added_note(line, _gain_note(of, over, _in_percent(gain.of, line))),
    }


def _gain_note(of: _Value, over: _Value, in_percent: bool) -> str:
    """`95.99 less 86.45; relative +11.0 %`, and which repeats and folds these are of."""
    reference = "the cited " if over.n is None else ""
    parts = [f"{of.printed} less {reference}{over.printed}"]
    if in_percent and Decimal(over.printed):
        relative = 100 * (Decimal(of.printed) / Decimal(over.printed) - 1)
        parts.append(f"relative {relative:+.1f} %")
    parts.append(", less ".join(filter(None, [of.note, over.note])))
    return "; ".join(filter(None, parts))


def _in_percent(cell: Cell, line: Line) -> bool:
    return line["unit"] in PERCENT_UNITS if cell.percent is None else cell.percent


def _result(cell: Cell, line: Line, scores: Mapping[str, ExperimentScores], where: str) -> _Value:
    experiment = scores_of(cell, line, scores, where)
    if cell.statistic == "sd":
        raise ConfigError(where, ["a gain is between values, not between standard deviations"])
    cell = cell.model_copy(update={"percent": _in_percent(cell, line)})
    value = reproduced_value(cell, experiment, "paper", line["row"], line["column"])
    decimals = decimals_of(line["value"]) if cell.decimals is None else cell.decimals
    return _Value(print_number(value.value, decimals), value.sd, value.n, value.note)


def _cited(gain: Gain, printed: pd.DataFrame, where: str) -> _Value:
    assert gain.over_cited is not None, "checked when the spec is read"
    found = printed_line(printed, gain.over_cited)
    if found["kind"] != CITED:
        raise ConfigError(
            where,
            [f"over_cited names {found['row']} / {found['column']}, which the paper does not cite "
             f"but reports as {found['kind']}; name its experiment in `over`"],
        )  # fmt: skip
    return _Value(found["value"], 0.0, None)
