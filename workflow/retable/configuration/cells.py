"""What cells of tables and texts ask of the runs of their experiments."""

from collections.abc import Iterator, Mapping

from retable.configuration.raw import RawPaper
from retable.spec.paper import Cell, Experiment
from retable.spec.split import KFold


def cell_faults(
    raw: RawPaper, experiments: Mapping[str, Mapping[str, Experiment]]
) -> Iterator[str]:
    """A cell's fold must be run, and what is chosen on validation clips needs some.

    Args:
        raw: the paper.
        experiments: experiment -> variant -> spec; what is not there is reported elsewhere.
    """
    for where, cell in _cells(raw):
        for variant, experiment in experiments.get(cell.experiment or "", {}).items():
            if cell.fold is not None and cell.fold not in experiment.run_folds:
                folds = ", ".join(map(str, experiment.run_folds))
                yield f"{where}: {cell.experiment} runs no fold {cell.fold}, but {folds}"
            if cell.fold is not None and cell.aggregate == "pooled":
                yield f"{where}: a cell of fold {cell.fold} alone pools no folds"
            chosen = cell.repeats == "best_validation"
            chosen |= cell.repeats == "best_test" and variant == "clean"
            if chosen and any(isinstance(one.split, KFold) for one in experiment.inputs):
                yield (
                    f"{where}: the best repeat is chosen on validation clips, and the split of "
                    f"{cell.experiment}, variant {variant}, has none"
                )


def _cells(raw: RawPaper) -> Iterator[tuple[str, Cell]]:
    """Place of every row and single cell of a table, and of every text row's cells.

    What columns and metrics add is left to the job that makes the table.
    """
    for table, spec in raw.tables.items():
        for row, cell in spec.rows.items():
            yield f"tables.{table}.rows.{row}", cell
        for row, cells in spec.cells.items():
            for column, cell in cells.items():
                own = spec.rows[row].model_dump(exclude_none=True) if row in spec.rows else {}
                merged = own | cell.model_dump(exclude_none=True)
                yield f"tables.{table}.cells.{row}.{column}", Cell.model_validate(merged)
    for line in raw.text.values():
        for cell in line.result_cells:
            yield f"text.{line.row}.{line.column}.{line.metric}", cell
