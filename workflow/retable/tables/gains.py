"""By how much one result exceeds another."""

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

import pandas as pd

from retable.errors import ConfigError
from retable.spec.table import Cell, Gain
from retable.tables.cells import reproduced_value
from retable.tables.lines import Line
from retable.tables.missing import missing_line, missing_steps
from retable.tables.published import printed_line
from retable.tables.results import ExperimentScores, Results
from retable.tables.scored import Outcome, experiment_scores, number_faults, outcome_line
from retable.tables.verdicts import CITED, decimals_of, print_number

PERCENT_UNITS = ("%", "points")
"""Units of a gain between cells in percent."""
NOTHING_TO_EXCEED = "there is no percentage of 0"
"""Note of a relative gain over a result of zero."""


class Compared(NamedTuple):
    """One side of a gain."""

    value: float
    """In the unit of its cell, not rounded unless it is the paper's own number."""
    printed: str
    sd: float | None
    """Absent where there is but one run; 0 where it is cited."""
    n: int | None
    """Runs behind it; absent where it is the paper's own number."""
    note: str = ""
    """Which repeat and fold it is of, where not all stand behind it."""
    whose: str = ""
    """What a note calls it, where it is the paper's own number: `the cited`, `the printed`."""

    @property
    def named(self) -> str:
        """The number as a note names it."""
        return f"{self.whose} {self.printed}".strip()


def gain_line(line: Line, gain: Gain, results: Results, printed: pd.DataFrame, where: str) -> Line:
    """Line of a published gain: the difference of two results as they are printed.

    Papers subtract the numbers of their tables (mixup_mtl: 76.64 - 73.91 = 2.73), so both values
    are rounded first, to the gain's decimals or those of the cell. The note tells them and, of
    numbers in percent, the relative gain of one printed number over the other: a paper's "10 %" may
    mean either (cabcnn: 95.99 - 86.45 = 9.54 points, 11.0 %). The standard deviation is that of a
    difference of independent values, `n` the smaller number of runs. A relative gain (vggvox_mtl)
    is the other way about: see `relative_gain`.

    Args:
        line: The published gain, as text.
        gain: The cells, or the cell and the number that the paper cites.
        results: Scores of what is in the cells, or how to obtain their data.
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
    of, *others = [compared_result(cell, line, results.scores, "paper", where) for cell in cells]
    over = others[0] if others else _cited(gain, printed, where)
    percent = in_percent(gain.of, line)
    if gain.relative:
        gained, decimals = relative_gain(of, over, percent), decimals_of(line["value"])
    else:
        decimals = max(map(decimals_of, (line["value"], of.printed, over.printed)))
        gained = _difference(of, over, percent)
    return outcome_line(line, gained, decimals, "paper", results.comparability)


def relative_gain(of: Compared, over: Compared, are_percents: bool) -> Outcome:
    """By how many percent of `over` it is exceeded: 100 (of / over - 1), of unrounded values.

    The note tells both as printed (vggvox_mtl, Table 3: 72.5 over 64.5) and, of numbers in percent,
    the points between them: the largest relative gain need not be the largest in points. The
    standard deviation is that of a ratio of independent values, to first order; there is no
    percentage of zero. `n` is the smaller number of runs.
    """
    note = f"{of.named} over {over.named}"
    if are_percents:
        note += f"; {Decimal(of.printed) - Decimal(over.printed):+f} points"
    notes = [note, ", over ".join(filter(None, [of.note, over.note]))]
    if not over.value:
        note = "; ".join(filter(None, [*notes, NOTHING_TO_EXCEED]))
        return Outcome(math.nan, None, _runs(of, over), note)
    sd = None
    if of.sd is not None and over.sd is not None:
        sd = 100 * math.hypot(of.sd / over.value, of.value * over.sd / over.value**2)
    gain = 100 * (of.value / over.value - 1)
    return Outcome(gain, sd, _runs(of, over), "; ".join(filter(None, notes)))


def compared_result(
    cell: Cell, line: Line, scores: Mapping[str, ExperimentScores], variant: str, where: str
) -> Compared:
    """The result in a cell, printed as the published number of a line.

    Raises:
        ConfigError: The cell is incomplete, has no scores or is a standard deviation.
        DataError: The scores lack what it needs.
    """
    found = experiment_scores(cell, line, scores, where)
    if cell.statistic == "sd":
        raise ConfigError(where, ["a gain is between values, not between standard deviations"])
    cell = cell.model_copy(update={"percent": in_percent(cell, line)})
    value = reproduced_value(cell, found, variant, line["row"], line["column"])
    decimals = decimals_of(line["value"]) if cell.decimals is None else cell.decimals
    printed = print_number(value.value, decimals)
    return Compared(value.value, printed, value.sd, value.n, value.note)


def compared_number(line: Line, whose: str, where: str, sd: float | None = None) -> Compared:
    """The paper's own number in a line, as the cited or the printed one.

    Raises:
        ConfigError: It is no number.
    """
    if faults := number_faults(line):
        raise ConfigError(where, faults)
    return Compared(float(line["value"]), line["value"], sd, None, whose=whose)


def in_percent(cell: Cell, line: Line) -> bool:
    """Whether a cell that stands in a line, or gains there, is in percent."""
    return line["unit"] in PERCENT_UNITS if cell.percent is None else cell.percent


def _difference(of: Compared, over: Compared, are_percents: bool) -> Outcome:
    """`95.99 less 86.45; relative +11.0 %`, and which repeats and folds these are of."""
    parts = [f"{of.named} less {over.named}"]
    if are_percents and Decimal(over.printed):
        relative = 100 * (Decimal(of.printed) / Decimal(over.printed) - 1)
        parts.append(f"relative {relative:+.1f} %")
    parts.append(", less ".join(filter(None, [of.note, over.note])))
    sd = None if of.sd is None or over.sd is None else math.hypot(of.sd, over.sd)
    difference = float(Decimal(of.printed) - Decimal(over.printed))
    return Outcome(difference, sd, _runs(of, over), "; ".join(filter(None, parts)))


def _runs(of: Compared, over: Compared) -> int | None:
    return min((side.n for side in (of, over) if side.n is not None), default=None)


def _cited(gain: Gain, printed: pd.DataFrame, where: str) -> Compared:
    assert gain.over_cited is not None, "checked when the spec is read"
    found = printed_line(printed, gain.over_cited)
    if found["kind"] != CITED:
        raise ConfigError(
            where,
            [f"over_cited names {found['row']} / {found['column']}, which the paper does not cite "
             f"but reports as {found['kind']}; name its experiment in `over`"],
        )  # fmt: skip
    return compared_number(found, "the cited", where, sd=0.0)
