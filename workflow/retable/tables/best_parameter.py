"""Which value of a parameter is best, judged by the scores of the experiments that differ in it."""

import math
from collections.abc import Mapping

from retable.errors import ConfigError
from retable.spec.table import Best
from retable.tables.cells import cell_faults, reproduced_value
from retable.tables.lines import Line, added_note, blank_line
from retable.tables.missing import missing_line, missing_steps
from retable.tables.results import ExperimentScores, Results
from retable.tables.verdicts import derived_verdict


def best_parameter_line(
    line: Line,
    best: Best,
    values: Mapping[str, float],
    results: Results,
    where: str,
) -> Line:
    """Line of a published best value: that of the experiment with the highest cell.

    Of several that are equally high the smallest value stands in the line, because the paper has
    room for one, and the others in its note. It has no standard deviation and no difference; `n`
    counts the runs of all experiments compared. Without the data of one of them none is best.

    Args:
        line: The published value, as text.
        best: The cell that decides, over the test clips.
        values: Experiment -> its value of the parameter, for all that are compared.
        results: Scores of every experiment compared, or how to obtain its data.
        where: The row, for messages.

    Raises:
        ConfigError: An experiment lacks scores, the cell is a standard deviation, or the published
            value is no number.
        DataError: The scores lack the cell's task or metric.
    """
    steps = missing_steps(values, results.missing)
    if steps is not None:
        return missing_line(line, steps)
    scores = results.scores
    published = _published_number(line, best, values, scores, where)
    cells = {name: reproduced_value(best.cell, scores[name], "paper") for name in values}
    highest = max(cell.value for cell in cells.values())
    # Means over folds of equal counts may differ in their last bit.
    first, *others = sorted(
        {values[name] for name, cell in cells.items() if math.isclose(cell.value, highest)}
    )
    reproduced = line["value"] if math.isclose(first, published) else _shortest(first)
    tie = f"as high with {', '.join(map(_shortest, others))}" if others else ""
    return {
        **blank_line(line, derived_verdict(line["value"], reproduced, results.comparability)),
        "reproduced": reproduced,
        "n": str(sum(cell.n for cell in cells.values())),
        "note": added_note(line, tie),
    }


def _published_number(
    line: Line,
    best: Best,
    values: Mapping[str, float],
    scores: Mapping[str, ExperimentScores],
    where: str,
) -> float:
    faults = cell_faults(best.cell)
    faults += [f"experiment {name!r} has no scores" for name in values if name not in scores]
    if best.cell.statistic == "sd":
        faults.append("its cell is a standard deviation, of which the highest is not the best")
    number = math.nan
    try:
        number = float(line["value"])
    except ValueError:
        faults.append(f"the published value {line['value']!r} is no number")
    if faults:
        raise ConfigError(where, faults)
    return number


def _shortest(value: float) -> str:
    return f"{value:.12g}"
