"""What cells of tables and texts, and figures, ask of the runs of their experiments."""

import itertools
from collections.abc import Iterator, Mapping

from retable.configuration.raw import RawPaper
from retable.spec.paper import Experiment
from retable.spec.table import Cell
from retable.splits.clip_roles import choosing_role


def run_faults(raw: RawPaper, experiments: Mapping[str, Mapping[str, Experiment]]) -> Iterator[str]:
    """A cell's fold must be run, and what is chosen on validation clips needs some.

    Args:
        raw: the paper.
        experiments: experiment -> variant -> spec; what is not there is reported elsewhere.
    """
    for where, cell in _cells(raw):
        for experiment in experiments.get(cell.experiment or "", {}).values():
            if cell.fold is not None and cell.fold not in experiment.run_folds:
                folds = ", ".join(map(str, experiment.run_folds))
                yield f"{where}: {cell.experiment} runs no fold {cell.fold}, but {folds}"
            for fault in best_repeat_faults(cell.repeats, experiment):
                yield f"{where}: {fault}"


def best_repeat_faults(repeats: str | None, experiment: Experiment) -> Iterator[str]:
    """What is chosen on validation clips needs some; `repeats` as `choosing_role` takes it."""
    if choosing_role(repeats, experiment.variant) == "validation" and not all(
        one.split.has_validation for one in experiment.inputs
    ):
        yield (
            "the best repeat is chosen on validation clips, and the split of "
            f"{experiment.experiment}, variant {experiment.variant}, has none"
        )


def text_faults(raw: RawPaper) -> Iterator[str]:
    """Numbers in the text are made of scores: tables alone have the counts of confusions."""
    for line in raw.text.values():
        for cell in [*line.result_cells, *([line.best.cell] if line.best else [])]:
            if cell.metric in ("recall", "confusion"):
                yield (
                    f"text.{line.row}.{line.column}.{line.metric}: {cell.metric} is counted from "
                    "confusions, which the text has none of; show it in a table, or choose another "
                    "metric"
                )


def _cells(raw: RawPaper) -> Iterator[tuple[str, Cell]]:
    """Place of every cell of a table, each thing that is said of an experiment there once, and of
    the cells of every text row.
    """
    for table, spec in raw.tables.items():
        said: dict[Cell, str] = {}
        for row, column, metric in itertools.product(spec.rows, spec.columns, spec.metrics):
            parts = [spec.rows[row], spec.columns[column], spec.metrics[metric]]
            parts.append(spec.cells.get(row, {}).get(column, Cell()))
            merged = {
                field: value
                for part in parts
                for field, value in part.model_dump(
                    include={"experiment", "fold", "repeats"}, exclude_none=True
                ).items()
            }
            said.setdefault(Cell.model_validate(merged), f"tables.{table}, {row} / {column}")
        yield from ((place, cell) for cell, place in said.items())
    for line in raw.text.values():
        for cell in line.result_cells:
            yield f"text.{line.row}.{line.column}.{line.metric}", cell
