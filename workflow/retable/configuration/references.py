"""What tables, figures, texts, fusions and warm starts ask of a paper's experiments."""

import itertools
from collections.abc import Iterator, Mapping

from retable.configuration.merging import nearest
from retable.configuration.raw import RawPaper
from retable.spec.feature import LogMelPatches, Waveform
from retable.spec.model import BranchedVGG, ClassifierAttention
from retable.spec.paper import Experiment, Scored
from retable.spec.table import Table

Experiments = Mapping[str, Mapping[str, Experiment]]
"""Experiment -> variant -> spec."""

ScoredByName = Mapping[str, Mapping[str, Scored]]
"""Experiment, fusion or verification -> variant -> spec."""


def reference_faults(raw: RawPaper, scored: ScoredByName) -> Iterator[str]:
    """What a table, a figure or a text row shows must exist: its experiment, variant and row."""
    for where, name, variant in _named(raw):
        if name is None:
            continue
        if name not in scored:
            yield f"{where}: no experiment {name!r}; {nearest(name, scored)}"
        elif scored[name] and variant not in scored[name]:
            yield f"{where}: experiment {name} has no variant {variant!r}"
    for table, spec in raw.tables.items():
        yield from (f"tables.{table}.clean: {fault}" for fault in _clean_row_faults(spec, scored))
        yield from (f"tables.{table}.relative_gains.{f}" for f in _relative_gain_faults(spec))
    charts = [name for name, figure in raw.figures.items() if figure.kind == "metric_by_parameter"]
    for line in raw.text.values():
        if line.best and line.best.figure not in charts:
            yield (
                f"text.{line.row}.{line.column}.{line.metric}.best.figure: no figure "
                f"{line.best.figure!r} of a metric by a parameter; "
                f"{nearest(line.best.figure, charts)}"
            )


def _named(raw: RawPaper) -> Iterator[tuple[str, str | None, str]]:
    """Place, what is scored, and variant of everything that is shown."""
    for table, spec in raw.tables.items():
        for axis in ("rows", "columns", "metrics"):
            for key, cell in getattr(spec, axis).items():
                yield f"tables.{table}.{axis}.{key}", cell.experiment, "paper"
        for row, cells in spec.cells.items():
            for column, cell in cells.items():
                yield f"tables.{table}.cells.{row}.{column}", cell.experiment, "paper"
        if spec.reading:
            yield f"tables.{table}.reading", spec.reading.experiment, "paper"
    for figure, drawn in raw.figures.items():
        for experiment in drawn.experiments:
            yield f"figures.{figure}", experiment, drawn.variant
    for line in raw.text.values():
        where = f"text.{line.row}.{line.column}.{line.metric}"
        for cell in line.result_cells:
            yield where, cell.experiment, "paper"
        if line.setting:
            yield where, line.setting.experiment, "paper"


def _clean_row_faults(table: Table, scored: ScoredByName) -> Iterator[str]:
    """Of a clean row's experiments one has such a variant at least; other cells stay empty.

    Of a row of gains, each of the two rows that it compares has one.
    """
    columns = [*table.columns.values(), *table.metrics.values()]
    for row in table.clean:
        gain = table.relative_gains.get(row)
        if gain is None and row not in table.rows:
            yield f"no row {row!r}; {nearest(row, [*table.rows, *table.relative_gains])}"
        if gain is not None and gain.of_printed:
            yield f"{row!r} compares printed numbers, which have no variant 'clean'; leave it out"
            continue
        for one in (row,) if gain is None else (gain.of, gain.over):
            if one not in table.rows:
                continue
            cells = [table.rows[one], *table.cells.get(one, {}).values(), *columns]
            shown = sorted({name for cell in cells if (name := cell.experiment) and name in scored})
            if shown and not any("clean" in scored[name] for name in shown):
                yield f"experiment {' or '.join(shown)} has no variant 'clean'"


def _relative_gain_faults(table: Table) -> Iterator[str]:
    for name, gain in table.relative_gains.items():
        if name in table.rows:
            yield f"{name}: `rows` has this row too; rename one"
        for field, row in (("of", gain.of), ("over", gain.over)):
            if row not in table.rows:
                yield f"{name}.{field}: no row {row!r}; {nearest(row, table.rows)}"
        if gain.metric not in table.metrics:
            metric = gain.metric
            yield f"{name}.metric: no metric {metric!r}; {nearest(metric, table.metrics)}"


def experiment_faults(experiment: Experiment) -> Iterator[str]:
    """What the parts of an experiment ask of each other."""
    where = f"experiments.{experiment.experiment}"
    yield from (f"{where}{fault}" for fault in _selection_faults(experiment))
    yield from (f"{where}.training.batching: {fault}" for fault in _batching_faults(experiment))
    yield from (f"{where}.folds: {fault}" for fault in _fold_faults(experiment))
    yield from (f"{where}.inputs: {fault}" for fault in _input_faults(experiment))
    yield from (f"{where}.{fault}" for fault in _task_faults(experiment))


def _selection_faults(experiment: Experiment) -> Iterator[str]:
    selection = experiment.training.selection if experiment.training else "last"
    if selection == "best_test" and experiment.variant != "paper":
        yield ": selection best_test looks at test data and is open only to variant paper"
    if selection == "best_validation":
        for one in experiment.inputs:
            if not one.split.has_validation:
                yield (
                    f": selection best_validation needs validation clips, and split "
                    f"{one.split_name} has none; use selection last"
                )


def _batching_faults(experiment: Experiment) -> Iterator[str]:
    batching = experiment.training.batching if experiment.training else "whole"
    if batching == "whole":
        return
    for one in experiment.inputs:
        if not isinstance(one.feature, Waveform):
            yield (
                f"{batching} is for clips of different lengths, and {one.feature_name} is of kind "
                f"{one.feature.kind}; use a waveform, or whole"
            )
    if batching == "masked" and not isinstance(experiment.model, ClassifierAttention):
        yield (
            f"masked needs a model that leaves out steps past a clip's end, which "
            f"{experiment.model.kind} cannot; use shortest, or whole"
        )
    if experiment.training and experiment.training.mixup:
        yield (
            f"{batching} and mixup exclude each other: it adds samples of one length; use whole, "
            "or leave out mixup"
        )


def _fold_faults(experiment: Experiment) -> Iterator[str]:
    folds = experiment.folds or ()
    for one in experiment.inputs:
        last = one.split.folds - 1
        if unknown := sorted(set(folds) - set(range(last + 1))):
            yield f"split {one.split_name} has folds 0 to {last}, not {unknown[0]}"
    if len(set(folds)) < len(folds):
        yield f"{list(folds)} names a fold twice"


def _task_faults(experiment: Experiment) -> Iterator[str]:
    """What names tasks must name those of the experiment."""
    if isinstance(experiment.model, BranchedVGG):
        yield from (f"model: {fault}" for fault in experiment.model.task_faults(experiment.tasks))
    for task in experiment.training.task_weights if experiment.training else ():
        if task not in experiment.tasks:
            yield f"training.task_weights: no task {task!r}; {nearest(task, experiment.tasks)}"


def _input_faults(experiment: Experiment) -> Iterator[str]:
    inputs = experiment.inputs
    if experiment.training is None:
        if len(inputs) > 1 or inputs[0].standardise != "none":
            yield "a baseline is fitted to one, with standardise: none"
        return
    mixup = experiment.training.mixup
    if mixup is None and len(inputs) > 1:
        yield f"{len(inputs)} of them need a training with mixup, which joins two"
    if mixup is not None and len(inputs) != 2:
        yield f"mixup joins two of them, and there is {len(inputs)}"
    if len(set(experiment.tasks)) < len(experiment.tasks):
        yield f"a task is there twice among {', '.join(experiment.tasks)}"
    for one, other in itertools.permutations(inputs, 2):
        if other.dataset in one.datasets[1:]:
            yield (
                f"split {one.split_name} trains on extra clips of {other.dataset}, whose clips "
                f"split {other.split_name} holds out; take others"
            )
    sizes = {
        one.feature_name: (one.feature.bands, one.feature.frames)
        for one in inputs
        if isinstance(one.feature, LogMelPatches)
    }
    if mixup is not None and len(set(sizes.values())) > 1:
        listed = ", ".join(f"{name} has {size[0]} x {size[1]}" for name, size in sizes.items())
        yield f"mixup adds patches of one size, but {listed}"


def warm_start_faults(experiments: Experiments) -> Iterator[str]:
    """Every run of a warm-started experiment needs the run that it starts from."""
    for name, variants in experiments.items():
        for experiment in variants.values():
            if experiment.warm_start is None:
                continue
            where = f"experiments.{name}.warm_start"
            source_name = experiment.warm_start.experiment
            if source_name not in experiments:
                yield f"{where}: no experiment {source_name!r}; {nearest(source_name, experiments)}"
                continue
            if name in _origins(source_name, experiments):
                yield f"{where}: {name} starts from itself through {source_name}"
                continue
            source = warm_start_source(experiment, experiments)
            if source is not None:
                yield from (f"{where}: {fault}" for fault in _missing_runs(experiment, source))


def warm_start_source(experiment: Experiment, experiments: Experiments) -> Experiment | None:
    """The experiment that another starts from: in the same variant, else in `paper`."""
    if experiment.warm_start is None:
        return None
    variants = experiments.get(experiment.warm_start.experiment, {})
    return variants.get(experiment.variant, variants.get("paper"))


def _origins(name: str, experiments: Experiments) -> set[str]:
    """The experiment and all that it starts from, directly or not."""
    origins: set[str] = set()
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current not in origins:
            origins.add(current)
            waiting += [
                variant.warm_start.experiment
                for variant in experiments.get(current, {}).values()
                if variant.warm_start
            ]
    return origins


def _missing_runs(experiment: Experiment, source: Experiment) -> Iterator[str]:
    if experiment.repeats > source.repeats:
        yield (
            f"{experiment.repeats} repeats start from {source.experiment}, which has "
            f"{source.repeats}; set its repeats to as many"
        )
    if missing := sorted(set(experiment.run_folds) - set(source.run_folds)):
        yield (
            f"fold {missing[0]} starts from {source.experiment}, which runs the folds "
            f"{', '.join(map(str, source.run_folds))}"
        )
