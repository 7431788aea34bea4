"""What figures ask of their experiments and corpora."""

from collections.abc import Collection, Iterator, Mapping
from itertools import pairwise

from retable.configuration.cells import best_repeat_faults
from retable.configuration.merging import nearest
from retable.spec.corpus import Corpus, corpus_of, name_in_corpus
from retable.spec.feature import LogMelPatches, Spectrogram
from retable.spec.figure import (
    AccuracyByFused,
    AttentionOverTime,
    Band,
    ConfusionMatrices,
    Figure,
    MetricByParameter,
    MixedPatches,
    Spectrograms,
)
from retable.spec.model import ClassifierAttention
from retable.spec.paper import Experiment, Input


def figure_faults(
    figures: Mapping[str, Figure],
    experiments: Mapping[str, Mapping[str, Experiment]],
    fusions: Collection[str],
    corpora: Mapping[str, Corpus],
) -> Iterator[str]:
    """One line per fault of the figures, each beginning with its key.

    Args:
        figures: the paper's figures by name.
        experiments: experiment -> variant -> spec; what is not there is reported elsewhere.
        fusions: names of the paper's fusions.
        corpora: the corpora by name.
    """
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
            faults = _fused_faults(figure, fusions)
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


def _fused_faults(figure: AccuracyByFused, fusions: Collection[str]) -> Iterator[str]:
    for name in figure.experiments:
        if name not in fusions:
            yield f"experiments: {name!r} is no fusion; {nearest(name, list(fusions))}"


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
    if figure.level_band is None:
        return
    if len(figure.classes) < 2:
        yield "level_band: compares the first two classes, and there is one"
    if figure.by == "speaker":
        yield "level_band: compares classes speaker by speaker, which speakers cannot be"


def _transform_faults(figure: Spectrograms, experiment: Experiment) -> Iterator[str]:
    shown = experiment.inputs[0]
    feature = shown.feature
    if not isinstance(feature, Spectrogram):
        yield (
            f"experiments: the feature of {experiment.experiment}, {shown.feature_name}, is "
            f"of kind {feature.kind}; choose an experiment whose feature is of kind spectrogram"
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
    elif not _bins_in(band, feature):
        yield (
            f"level_band: no bin of {shown.feature_name} lies in {band.low_hz:g} to "
            f"{band.high_hz:g} Hz; bins are {feature.sample_rate / feature.window:g} Hz apart"
        )


def _bins_in(band: Band, feature: Spectrogram) -> int:
    spacing = feature.sample_rate / feature.window
    bins = range(feature.window // 2 + 1)
    return sum(band.low_hz <= number * spacing <= band.high_hz for number in bins)


def _label_faults(
    figure: Spectrograms, corpus: Corpus, labels: Mapping[str, tuple[str, ...]]
) -> Iterator[str]:
    """Values that the dataset's labels and the corpus' counts do not list.

    Of other columns the job knows.
    """
    values = {column: tuple(counts) for column, counts in corpus.counts.items()} | dict(labels)
    chosen = [(figure.by, name, "classes") for name in figure.classes]
    chosen += [(column, value, f"where.{column}") for column, value in figure.where.items()]
    for column, value, key in chosen:
        if column in values and value not in values[column]:
            yield (
                f"{key}: no {value!r} in column {column} of {corpus.corpus}; "
                f"{nearest(value, values[column])}"
            )
