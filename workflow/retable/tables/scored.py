"""Lines of printed numbers whose counterpart is scored."""

import math
from collections.abc import Mapping

from retable.errors import ConfigError
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
    faults += number_faults(row)
    if faults or experiment is None:
        raise ConfigError(where, faults)
    return experiment


def number_faults(row: Line) -> list[str]:
    """That a published value is no number, where it is none."""
    try:
        float(row["value"] or "nan")
    except ValueError:
        return [f"the published value {row['value']!r} is no number"]
    return []
