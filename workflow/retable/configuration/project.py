"""Everything that a build is made from, read, merged and validated as one."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from retable.configuration.faults import faults_of
from retable.configuration.merging import merged, nearest
from retable.configuration.papers import PaperReader
from retable.configuration.reading import names_below, read_yaml
from retable.corpora.source import ResolvedSource, resolve_source
from retable.errors import ConfigError, RetableError
from retable.spec.config import Config, Scale
from retable.spec.corpus import Corpus, Source
from retable.spec.paper import Paper


@dataclass(frozen=True)
class Project:
    """A validated configuration with the scale, corpora and papers that it selects."""

    config: Config
    scale: Scale
    corpora: Mapping[str, Corpus]
    sources: Mapping[str, ResolvedSource]
    papers: Mapping[str, Paper]


def read_project(raw_config: Mapping[str, Any], workflow: Path) -> Project:
    """Reads what `raw_config` selects from the folder `workflow`.

    Raises:
        ConfigError: names every fault found, in `config.yaml` and in the files it selects.
    """
    config, faults = _config(raw_config, workflow)
    if config is None:
        raise ConfigError("config.yaml", faults)
    scale = Scale(**read_yaml(workflow / "scales" / f"{config.scale}.yaml"))
    corpora = _corpora(config, scale, workflow, faults)
    papers = {}
    for name in config.papers:
        overrides = [layer.overrides.papers.get(name, {}) for layer in (scale, config)]
        reader = PaperReader(name, workflow / "papers" / name / "paper.yaml", overrides)
        paper = reader.paper(corpora)
        faults.extend(dict.fromkeys(reader.faults))
        if paper is not None:
            papers[name] = paper
    sources = _sources(config, scale, corpora, papers, faults)
    if faults:
        raise ConfigError("config.yaml", faults)
    return Project(config, scale, corpora, sources, papers)


def _config(raw: Mapping[str, Any], workflow: Path) -> tuple[Config | None, list[str]]:
    try:
        config = Config.model_validate(raw)
    except ValidationError as error:
        return None, faults_of(error, Config)
    choices = {
        "scale": ([config.scale], names_below(workflow / "scales", ".yaml")),
        "papers": (list(config.papers), names_below(workflow / "papers")),
        "corpora": (list(config.corpora), names_below(workflow / "corpora", ".yaml")),
        "overrides.papers": (list(config.overrides.papers), names_below(workflow / "papers")),
        "overrides.corpora": (
            list(config.overrides.corpora),
            names_below(workflow / "corpora", ".yaml"),
        ),
    }
    faults = [
        f"{key}: {name!r} does not exist; {nearest(name, known)}"
        for key, (chosen, known) in choices.items()
        for name in chosen
        if name not in known
    ]
    return (None, faults) if faults else (config, [])


def _corpora(config: Config, scale: Scale, workflow: Path, faults: list[str]) -> dict[str, Corpus]:
    corpora = {}
    for name in names_below(workflow / "corpora", ".yaml"):
        content: Any = read_yaml(workflow / "corpora" / f"{name}.yaml")
        for layer in (scale, config):
            content = merged(content, layer.overrides.corpora.get(name, {}))
        try:
            corpora[name] = Corpus.model_validate(content)
        except ValidationError as error:
            faults.extend(faults_of(error, Corpus, f"corpora.{name}"))
    return corpora


def _sources(
    config: Config,
    scale: Scale,
    corpora: Mapping[str, Corpus],
    papers: Mapping[str, Paper],
    faults: list[str],
) -> dict[str, ResolvedSource]:
    """Sources of the corpora that the selected papers use."""
    used = {
        experiment.dataset.split("-")[0]
        for paper in papers.values()
        for variants in paper.experiments.values()
        for experiment in variants.values()
    }
    sources = {}
    for name in sorted(used):
        chosen = config.corpora.get(name, Source())
        try:
            sources[name] = resolve_source(
                corpora[name], chosen.source or scale.source, chosen.partial
            )
        except RetableError as error:
            faults.append(f"corpora.{name}.source: {error}")
    return sources
