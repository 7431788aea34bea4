"""By how much one result exceeds another."""

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

import pandas as pd

from retable.errors import ConfigError
from retable.spec.paper import Cell, Comparability, Gain
from retable.tables.cells import ExperimentScores, reproduced_value
from retable.tables.long_form import Line, added_note, blank_line, scores_of
from retable.tables.published import printed_line
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


def gain_line(
    line: Line,
    gain: Gain,
    scores: Mapping[str, ExperimentScores],
    printed: pd.DataFrame,
    comparability: Comparability,
    where: str,
) -> Line:
    """Line of a published gain: the difference of two results as they are printed.

    Papers subtract the numbers of their tables (mixup_mtl: 76.64 - 73.91 = 2.73), so both values
    are rounded first, to the gain's decimals or those of the cell; the note tells them. The
    standard deviation is that of a difference of independent values, `n` the smaller number of
    runs.

    Args:
        line: The published gain, as text.
        gain: The cells, or the cell and the number that the paper cites.
        scores: Scores of the experiments and fusions in the cells.
        printed: All numbers of the paper, from `read_published`.
        comparability: What verdicts the audio allows.
        where: The row, for messages.

    Raises:
        ConfigError: A cell is incomplete, has no scores or is a standard deviation; the number to
            exceed is not a cited one; or the published value is no number.
        DataError: The scores lack what a cell needs, or the paper has no such number.
    """
    of = _result(gain.of, line, scores, where)
    if gain.over is not None:
        over, reference = _result(gain.over, line, scores, where), ""
    else:
        over, reference = _cited(gain, printed, where), "the cited "
    decimals = decimals_of(line["value"])
    reproduced = print_number(float(Decimal(of.printed) - Decimal(over.printed)), decimals)
    sd = None if of.sd is None or over.sd is None else math.hypot(of.sd, over.sd)
    verdict = result_verdict(line["value"], reproduced, sd, "paper", comparability)
    return {
        **blank_line(line, verdict),
        "reproduced": reproduced,
        "difference": print_difference(line["value"], reproduced),
        "sd": "" if sd is None else print_number(sd, decimals),
        "n": str(min(value.n for value in (of, over) if value.n is not None)),
        "note": added_note(line, f"{of.printed} less {reference}{over.printed}"),
    }


def _result(cell: Cell, line: Line, scores: Mapping[str, ExperimentScores], where: str) -> _Value:
    experiment = scores_of(cell, line, scores, where)
    if cell.statistic == "sd":
        raise ConfigError(where, ["a gain is between values, not between standard deviations"])
    if cell.percent is None:
        cell = cell.model_copy(update={"percent": line["unit"] in PERCENT_UNITS})
    value = reproduced_value(cell, experiment, "paper", line["row"], line["column"])
    decimals = decimals_of(line["value"]) if cell.decimals is None else cell.decimals
    return _Value(print_number(value.value, decimals), value.sd, value.n)


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
