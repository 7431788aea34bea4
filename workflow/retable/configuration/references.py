"""What tables, figures, texts, fusions and warm starts ask of a paper's experiments."""

import itertools
from collections.abc import Iterator, Mapping

from retable.configuration.merging import nearest
from retable.configuration.raw import RawPaper
from retable.spec.feature import LogMelPatches, Waveform
from retable.spec.model import BranchedVGG, ClassifierAttention
from retable.spec.paper import Experiment, Fusion, Verification
from retable.spec.table import Table

Experiments = Mapping[str, Mapping[str, Experiment]]
"""Experiment -> variant -> spec."""

Fusions = Mapping[str, Mapping[str, Fusion]]
"""Fusion -> variant -> spec."""

Verifications = Mapping[str, Mapping[str, Verification]]
"""Verification -> variant -> spec."""

Scored = Mapping[str, Mapping[str, Experiment] | Mapping[str, Fusion] | Mapping[str, Verification]]
"""All three: what has scores."""


def reference_faults(raw: RawPaper, scored: Scored) -> Iterator[str]:
    """What a table, a figure or a text row shows must exist: its experiment, variant and row."""
    for where, name, variant in _named(raw, scored):
        if name is None:
            continue
        if name not in scored:
            yield f"{where}: no experiment {name!r}; {nearest(name, scored)}"
        elif scored[name] and variant not in scored[name]:
            yield f"{where}: experiment {name} has no variant {variant!r}"
    for table, spec in raw.tables.items():
        yield from (f"tables.{table}.clean: {fault}" for fault in _clean_row_faults(spec, scored))
        yield from (f"tables.{table}.improvements.{f}" for f in _improvement_faults(spec))
    charts = [name for name, figure in raw.figures.items() if figure.draws == "scores"]
    for line in raw.text.values():
        if line.best and line.best.figure not in charts:
            yield (
                f"text.{line.row}.{line.column}.{line.metric}.best.figure: no figure "
                f"{line.best.figure!r} of a metric by a parameter; "
                f"{nearest(line.best.figure, charts)}"
            )


def _named(raw: RawPaper, scored: Scored) -> Iterator[tuple[str, str | None, str]]:
    """Place, experiment or fusion, and variant of everything that is shown."""
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


def _clean_row_faults(table: Table, scored: Scored) -> Iterator[str]:
    """Of a clean row's experiments one has such a variant at least; other cells stay empty."""
    columns = [*table.columns.values(), *table.metrics.values()]
    for row in table.clean:
        if row not in table.rows:
            yield f"no row {row!r}; {nearest(row, table.rows)}"
            continue
        cells = [table.rows[row], *table.cells.get(row, {}).values(), *columns]
        shown = sorted({name for cell in cells if (name := cell.experiment) and name in scored})
        if shown and not any("clean" in scored[name] for name in shown):
            yield f"experiment {' or '.join(shown)} has no variant 'clean'"


def _improvement_faults(table: Table) -> Iterator[str]:
    for name, improvement in table.improvements.items():
        if name in table.rows:
            yield f"{name}: `rows` has this row too; rename one"
        for field, row in (("of", improvement.of), ("over", improvement.over)):
            if row not in table.rows:
                yield f"{name}.{field}: no row {row!r}; {nearest(row, table.rows)}"
        if improvement.metric not in table.metrics:
            metric = improvement.metric
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
        yield f"masked needs a model that leaves steps out, which {experiment.model.kind} cannot"
    if experiment.training and experiment.training.mixup:
        yield f"{batching} and mixup exclude each other: it adds samples of one length"


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


def fusion_faults(fusions: Fusions, experiments: Experiments) -> Iterator[str]:
    """The members of a fusion must exist, in its `members_variant`, and score its task."""
    for name, variants in fusions.items():
        if name in experiments:
            yield f"fusions.{name}: an experiment has this name too; rename one"
        for fusion in variants.values():
            if (fusion.variant, fusion.members_variant) == ("paper", "clean"):
                yield (
                    f"fusions.{name}.members_variant: variant paper is built where clean is left "
                    "out, so that it cannot fuse clean runs; set it in the fusion's variants.clean"
                )
            for member in fusion.members:
                built = experiments.get(member, {})
                experiment = built.get(fusion.members_variant)
                where = f"fusions.{name}.members"
                if member not in experiments:
                    yield f"{where}: no experiment {member!r}; {nearest(member, experiments)}"
                elif built and experiment is None:
                    yield (
                        f"{where}: {member} has no variant {fusion.members_variant!r}; it has "
                        f"{', '.join(built)}"
                    )
                elif experiment is not None and fusion.task not in experiment.tasks:
                    yield (
                        f"{where}: {member} has no task {fusion.task!r}; it has "
                        f"{', '.join(experiment.tasks)}"
                    )
                elif experiment is not None and fusion.other_roles and not experiment.predict_train:
                    yield (
                        f"{where}: other_roles looks at training clips, which {member} does not "
                        f"predict; set its predict_train: true"
                    )


def verification_faults(
    verifications: Verifications, experiments: Experiments, fusions: Fusions
) -> Iterator[str]:
    """The experiment behind a verification must exist, know speakers and keep what is compared."""
    for name, variants in verifications.items():
        if name in experiments or name in fusions:
            yield f"verifications.{name}: an experiment or fusion has this name too; rename one"
        for verification in variants.values():
            decides = verification.experiment
            experiment = experiments.get(decides, {}).get("paper")
            where = f"verifications.{name}"
            if decides not in experiments:
                yield f"{where}.experiment: no experiment {decides!r}; " + nearest(
                    decides, experiments
                )
            elif experiment is not None and verification.task not in experiment.tasks:
                yield (
                    f"{where}.task: {decides} has no task {verification.task!r}; it has "
                    f"{', '.join(experiment.tasks)}"
                )
            elif verification.decision == "cosine" and experiment and not experiment.embed:
                yield f"{where}.experiment: {decides} keeps no embeddings; set its embed: true"
