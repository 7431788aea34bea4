"""Lines of printed numbers whose counterpart is scored."""

import math
from collections.abc import Mapping
from typing import NamedTuple

from retable.errors import ConfigError
from retable.spec.paper import Comparability
from retable.spec.table import Cell
from retable.tables.cells import cell_faults, reproduced_value
from retable.tables.lines import Line, added_note, blank_line, key_of
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

ONE_REPEAT = "one repeat has no spread"
"""Note of a standard deviation over repeats where there is but one."""


class Outcome(NamedTuple):
    """What stands beside a published number."""

    value: float
    """In the number's unit; NaN where there is none."""
    sd: float | None
    n: int | None
    """Runs behind the value; absent where it is made of the paper's own numbers."""
    note: str
    """What there is to add to the note of the published number."""


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
    scores = experiment_scores(cell, row, results.scores, where)
    if cell.percent is None:
        cell = cell.model_copy(update={"percent": row["unit"] == "%"})
    value = reproduced_value(cell, scores, variant, row["row"], row["column"])
    note = ONE_REPEAT if math.isnan(value.value) else value.note
    outcome = Outcome(value.value, value.sd, value.n, note)
    decimals = decimals_of(row["value"]) if cell.decimals is None else cell.decimals
    return outcome_line(row, outcome, decimals, variant, results.comparability)


def outcome_line(
    row: Line, outcome: Outcome, decimals: int, variant: str, comparability: Comparability
) -> Line:
    """Line of a published number, or of one of ours, and what was reproduced of it.

    Without a value it is `not reproduced`, or stays `not in the paper`.
    """
    known = {
        "variant": variant,
        "n": "" if outcome.n is None else str(outcome.n),
        "note": added_note(row, outcome.note),
    }
    if math.isnan(outcome.value):
        return {**blank_line(row, NOT_REPRODUCED if row["value"] else NOT_PRINTED), **known}
    reproduced = print_number(outcome.value, decimals)
    verdict = result_verdict(row["value"], reproduced, outcome.sd, variant, comparability)
    return {
        **blank_line(row, verdict),
        **known,
        "reproduced": reproduced,
        "difference": print_difference(row["value"], reproduced),
        "sd": "" if outcome.sd is None else print_number(outcome.sd, decimals),
    }


def experiment_scores(
    cell: Cell, row: Line, scores: Mapping[str, ExperimentScores], where: str
) -> ExperimentScores:
    """Scores of what a cell names: an experiment, fusion or verification.

    Raises:
        ConfigError: The cell is incomplete, contradicts itself or has no scores, or the published
            value is no number.
    """
    faults = cell_faults(cell)
    found = scores.get(cell.experiment or "")
    if found is None:
        faults.append(
            f"experiment, fusion or verification {cell.experiment!r} has no scores; there are "
            + ", ".join(sorted(scores))
        )
    faults += number_faults(row)
    if faults or found is None:
        raise ConfigError(where, faults)
    return found


def number_faults(row: Line) -> list[str]:
    """That a published value is no number, where it is none."""
    try:
        float(row["value"] or "nan")
    except ValueError:
        return [f"the published value {row['value']!r} is no number"]
    return []
