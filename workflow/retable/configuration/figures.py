"""What figures ask of their experiments and corpora."""

from collections.abc import Collection, Iterator, Mapping
from itertools import pairwise

from retable.configuration.cells import best_repeat_faults
from retable.configuration.merging import nearest
from retable.features.shown import ShownFeature, fft_size
from retable.spec.corpus import Corpus, corpus_of, name_in_corpus
from retable.spec.feature import LogMelPatches
from retable.spec.figure import (
    AccuracyByFused,
    AttentionOverTime,
    ConfusionMatrices,
    Figure,
    MetricByParameter,
    MetricByRun,
    MixedPatches,
    RocCurves,
    Spectrograms,
)
from retable.spec.model import ClassifierAttention
from retable.spec.paper import Experiment, Fusion, Input, Scored, Verification
from retable.verified_task import VERIFIED_TASK


def figure_faults(
    figures: Mapping[str, Figure],
    experiments: Mapping[str, Mapping[str, Experiment]],
    fusions: Mapping[str, Mapping[str, Fusion]],
    verifications: Mapping[str, Mapping[str, Verification]],
    corpora: Mapping[str, Corpus],
) -> Iterator[str]:
    """One line per fault of the figures, each beginning with its key.

    Args:
        figures: the paper's figures by name.
        experiments: experiment -> variant -> spec; what is not there is reported elsewhere.
        fusions: fusion -> variant -> spec.
        verifications: verification -> variant -> spec.
        corpora: the corpora by name.
    """
    scored: Mapping[str, Mapping[str, Scored]] = {**experiments, **fusions, **verifications}
    for name, figure in figures.items():
        built = [experiments.get(other, {}).get(figure.variant) for other in figure.experiments]
        known = [experiment for experiment in built if experiment is not None]
        faults: Iterator[str] = iter(())
        if isinstance(figure, Spectrograms):
            faults = _spectrogram_faults(figure, known, corpora)
        elif isinstance(figure, ConfusionMatrices):
            faults = _confusion_faults(figure, known)
        elif isinstance(figure, MetricByParameter):
            faults = _parameter_faults(figure, known)
        elif isinstance(figure, MixedPatches):
            faults = _mixture_faults(figure, known, corpora)
        elif isinstance(figure, AttentionOverTime):
            faults = _attention_faults(figure, known, corpora)
        elif isinstance(figure, AccuracyByFused):
            faults = _kind_faults(figure, "fusion", fusions, scored)
        elif isinstance(figure, RocCurves):
            faults = _kind_faults(figure, "verification", verifications, scored)
        elif isinstance(figure, MetricByRun):
            faults = _task_faults(figure, scored)
        for fault in faults:
            yield f"figures.{name}.{fault}"


def _confusion_faults(figure: ConfusionMatrices, experiments: list[Experiment]) -> Iterator[str]:
    for experiment in experiments:
        for fault in best_repeat_faults(figure.repeats, experiment):
            yield f"repeats: {fault}"


def _parameter_faults(figure: MetricByParameter, experiments: list[Experiment]) -> Iterator[str]:
    """What experiments are compared by must be a number in the spec of each."""
    for experiment in experiments:
        try:
            experiment.number_at(figure.parameter)
        except ValueError as fault:
            yield f"parameter: experiment {experiment.experiment}: {fault}"


def _kind_faults(
    figure: AccuracyByFused | RocCurves,
    kind: str,
    known: Collection[str],
    scored: Collection[str],
) -> Iterator[str]:
    """Fusions and verifications have files of their own; what is none has other scores."""
    for name in figure.experiments:
        if name in scored and name not in known:
            yield f"experiments: {name!r} is no {kind}; {nearest(name, list(known))}"


def _task_faults(figure: MetricByRun, scored: Mapping[str, Mapping[str, Scored]]) -> Iterator[str]:
    """Everything that is compared must be scored in the task."""
    for name in figure.experiments:
        one = scored.get(name, {}).get(figure.variant)
        if one is not None and figure.task not in _scored_tasks(one):
            yield (
                f"task: {name} has no task {figure.task!r}; "
                f"{nearest(figure.task, _scored_tasks(one))}"
            )


def _scored_tasks(one: Scored) -> tuple[str, ...]:
    if isinstance(one, Experiment):
        return one.tasks
    return (one.task,) if isinstance(one, Fusion) else (VERIFIED_TASK,)


def _attention_faults(
    figure: AttentionOverTime, experiments: list[Experiment], corpora: Mapping[str, Corpus]
) -> Iterator[str]:
    """A network that attends to something, and classes of its first task."""
    for experiment in experiments:
        if not isinstance(experiment.model, ClassifierAttention):
            yield (
                f"experiments: the model of {experiment.experiment} is of kind "
                f"{experiment.model.kind}; choose one of kind classifier_attention"
            )
        shown = experiment.inputs[0]
        known = _classes(shown, corpora).get(shown.tasks[0], ())
        for name in figure.classes:
            if known and name not in known:
                yield f"classes: no {shown.tasks[0]} {name!r}; {nearest(name, known)}"


def _classes(shown: Input, corpora: Mapping[str, Corpus]) -> dict[str, tuple[str, ...]]:
    """Task -> classes of an input's dataset; none where that is not known."""
    corpus = corpora.get(corpus_of(shown.dataset))
    name = name_in_corpus(shown.dataset)
    return corpus.classes(name) if corpus and name in corpus.datasets else {}


def _mixture_faults(
    figure: MixedPatches, experiments: list[Experiment], corpora: Mapping[str, Corpus]
) -> Iterator[str]:
    """Patches of two inputs, with classes of their first tasks and a channel of the first."""
    for experiment in experiments:
        inputs = experiment.inputs
        if len(inputs) != 2:
            yield f"experiments: {experiment.experiment} mixes no inputs; choose one with two"
            continue
        for one in inputs:
            if not isinstance(one.feature, LogMelPatches):
                yield f"experiments: {one.feature_name} is of kind {one.feature.kind}, no patches"
        first = inputs[0].feature
        if isinstance(first, LogMelPatches) and figure.channel not in first.channels:
            yield f"channel: no {figure.channel!r}; {nearest(figure.channel, first.channels)}"
        for place, one in enumerate(inputs):
            classes = _classes(one, corpora).get(one.tasks[0], ())
            for name in (pair[place] for pair in figure.pairs):
                if classes and name not in classes:
                    yield f"pairs: no {one.tasks[0]} {name!r}; {nearest(name, classes)}"


def _spectrogram_faults(
    figure: Spectrograms, experiments: list[Experiment], corpora: Mapping[str, Corpus]
) -> Iterator[str]:
    yield from _class_faults(figure)
    for experiment in experiments:
        yield from _transform_faults(figure, experiment)
        shown = experiment.inputs[0]
        corpus = corpora.get(corpus_of(shown.dataset))
        if corpus:
            yield from _label_faults(figure, corpus, _classes(shown, corpora))


def _class_faults(figure: Spectrograms) -> Iterator[str]:
    for first, second in pairwise(sorted(figure.classes)):
        if first == second:
            yield f"classes: {first!r} is there twice"
    for name in figure.each:
        if name not in figure.classes:
            yield f"each: {name!r} is no class of the figure; {nearest(name, figure.classes)}"
    if figure.level_band is None:
        return
    if len(figure.classes) < 2:
        yield "level_band: compares the first two classes, and there is one"
    if figure.by == "speaker":
        yield "level_band: compares classes speaker by speaker, which speakers cannot be"


def _transform_faults(figure: Spectrograms, experiment: Experiment) -> Iterator[str]:
    shown = experiment.inputs[0]
    feature = shown.feature
    if not isinstance(feature, ShownFeature):
        yield (
            f"experiments: the feature of {experiment.experiment}, {shown.feature_name}, is "
            f"of kind {feature.kind}; choose an experiment whose feature is of kind spectrogram "
            "or normalised_spectrogram"
        )
        return
    band = figure.level_band
    if band is None:
        return
    if not band.low_hz < band.high_hz <= feature.sample_rate / 2:
        yield (
            f"level_band: {band.low_hz:g} to {band.high_hz:g} Hz is no band between 0 and "
            f"{feature.sample_rate / 2:g} Hz, half the sample rate of {shown.feature_name}"
        )
        return
    points = fft_size(feature)
    spacing = feature.sample_rate / points
    bins = [number * spacing for number in range(points // 2 + 1)]
    if not any(band.low_hz <= frequency <= band.high_hz for frequency in bins):
        yield (
            f"level_band: no bin of {shown.feature_name} lies in {band.low_hz:g} to "
            f"{band.high_hz:g} Hz; bins are {spacing:g} Hz apart"
        )


def _label_faults(
    figure: Spectrograms, corpus: Corpus, labels: Mapping[str, tuple[str, ...]]
) -> Iterator[str]:
    """Values that the dataset's labels and the corpus' counts do not list.

    Of other columns the job knows.
    """
    values = {column: tuple(counts) for column, counts in corpus.counts.items()} | dict(labels)
    chosen = [(figure.by, name, "classes") for name in figure.classes]
    filters = {"where": figure.where} | {f"each.{name}": own for name, own in figure.each.items()}
    chosen += [
        (column, value, f"{key}.{column}")
        for key, own in filters.items()
        for column, value in own.items()
    ]
    for column, value, key in chosen:
        if column in values and value not in values[column]:
            yield (
                f"{key}: no {value!r} in column {column} of {corpus.corpus}; "
                f"{nearest(value, values[column])}"
            )
