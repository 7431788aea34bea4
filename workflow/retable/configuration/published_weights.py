"""The published weights that the selected papers' networks start from."""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from pydantic import ValidationError

from retable.configuration.faults import faults_of
from retable.configuration.merging import nearest
from retable.configuration.reading import names_below, read_yaml
from retable.errors import RetableError
from retable.spec.config import Config, Scale
from retable.spec.corpus import corpus_of
from retable.spec.paper import Experiment, Paper
from retable.spec.weights import PublishedWeights, WeightsSource
from retable.weights.source import (
    ResolvedWeights,
    network_with_weights,
    resolve_weights,
    weights_asked_for,
)


def weights_of(
    config: Config,
    scale: Scale,
    workflow: Path,
    papers: Mapping[str, Paper],
    missing: Collection[str],
    faults: list[str],
) -> tuple[dict[str, PublishedWeights], dict[str, ResolvedWeights]]:
    """Of the weights that models of the papers ask for: what is published, by name.

    And where those are read from that experiments of the variants start from.

    Args:
        config: its `weights` come before those of the scale.
        scale: where weights come from otherwise.
        workflow: the folder that holds `weights/<name>.yaml`.
        papers: the selected papers, as far as they could be read.
        missing: corpora without which the build goes on; their experiments need no weights.
        faults: gets a line for each fault.
    """
    faults.extend(dict.fromkeys(_second_starts(papers)))
    needed = _needed(config, papers, missing)
    if len(papers) < len(config.papers):
        # A faulty paper may use any weights: a fault of their source is told now, not next time.
        known = names_below(workflow / "weights", ".yaml")
        needed = {name: {} for name in config.weights if name in known} | needed
    published, resolved = {}, {}
    for name in sorted(needed.keys() | _asked_for(papers)):
        spec = _published(name, workflow, faults)
        if spec is not None:
            published[name] = spec
    for name in sorted(needed.keys() & published.keys()):
        architectures = needed[name]
        source = config.weights.get(name, WeightsSource()).source or scale.weights
        lacking = [] if source == "none" else list(_lacking(published[name], architectures))
        faults.extend(lacking)
        try:
            if not lacking:
                resolved[name] = resolve_weights(published[name], source, architectures)
        except RetableError as error:
            faults.append(f"weights.{name}.source: {error}")
    return published, resolved


def _experiments(papers: Mapping[str, Paper]) -> Iterator[tuple[str, Experiment]]:
    """Key of each experiment and variant, for messages, and its spec."""
    for paper in papers.values():
        for name, variants in paper.experiments.items():
            for experiment in variants.values():
                yield f"papers.{paper.paper}.experiments.{name}", experiment


def _second_starts(papers: Mapping[str, Paper]) -> Iterator[str]:
    """Faults for experiments that start both from another one and from published weights."""
    for where, experiment in _experiments(papers):
        network, start = network_with_weights(experiment.model), experiment.warm_start
        if network is not None and start is not None:
            yield (
                f"{where}.warm_start: the network starts from {start.experiment}, and by its model "
                f"from the weights {network.weights}; give it a model with weights: none, or leave "
                "out the warm start"
            )


def _asked_for(papers: Mapping[str, Paper]) -> set[str]:
    """Weights that models ask for, though their layers may have sizes of their own."""
    networks = (network_with_weights(experiment.model) for _, experiment in _experiments(papers))
    return {network.weights for network in networks if network is not None}


def _needed(
    config: Config, papers: Mapping[str, Paper], missing: Collection[str]
) -> dict[str, dict[str, str]]:
    """Weights -> architecture -> key of the first experiment that starts from them."""
    needed: dict[str, dict[str, str]] = {}
    for where, experiment in _experiments(papers):
        asked = weights_asked_for(experiment.model)
        corpora = {corpus_of(dataset) for dataset in experiment.datasets}
        if asked and experiment.variant in config.variants and not corpora & set(missing):
            needed.setdefault(asked[0], {}).setdefault(asked[1], where)
    return needed


def _published(name: str, workflow: Path, faults: list[str]) -> PublishedWeights | None:
    """The spec of the weights; None with faults noted."""
    where = f"weights.{name}"
    try:
        published = PublishedWeights.model_validate(
            read_yaml(workflow / "weights" / f"{name}.yaml")
        )
    except ValidationError as error:
        faults.extend(faults_of(error, PublishedWeights, where))
        return None
    if published.weights != name:
        faults.append(f"{where}.weights: {published.weights!r} is not the name of its file")
    return published


def _lacking(published: PublishedWeights, architectures: Mapping[str, str]) -> Iterator[str]:
    """Faults for architectures that are needed and not published."""
    for architecture, experiment in sorted(architectures.items()):
        if architecture not in published.files:
            yield (
                f"{experiment}.model: there are no weights {published.weights} of {architecture}; "
                f"{nearest(architecture, published.files)}"
            )
