"""Everything that a build is made from, read, merged and validated as one."""

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from retable.configuration.faults import faults_of
from retable.configuration.merging import merged, nearest
from retable.configuration.papers import PaperReader
from retable.configuration.published_weights import weights_of
from retable.configuration.reading import names_below, read_yaml, with_columns
from retable.configuration.recoding import recode_faults
from retable.corpora.file_lists import file_table_faults
from retable.corpora.needed import needed_patterns
from retable.corpora.source import ResolvedSource, resolve_source
from retable.errors import ConfigError, MissingData, RetableError
from retable.spec.config import Config, Scale
from retable.spec.corpus import Corpus, Source, corpus_of, name_in_corpus
from retable.spec.feature import Feature
from retable.spec.paper import Input, Paper
from retable.spec.variant import VariantName
from retable.spec.weights import PublishedWeights
from retable.weights.source import ResolvedWeights


@dataclass(frozen=True)
class Project:
    """A validated configuration with the scale, corpora and papers that it selects."""

    config: Config
    scale: Scale
    corpora: Mapping[str, Corpus]
    sources: Mapping[str, ResolvedSource]
    papers: Mapping[str, Paper]
    missing: Mapping[str, str]
    """Corpus that must be asked for and is not there -> how to come by it; it has no source."""
    published_weights: Mapping[str, PublishedWeights]
    """Weights that models ask for, by name."""
    weights: Mapping[str, ResolvedWeights]
    """Where those are read from that experiments start from."""


def read_project(raw_config: Mapping[str, Any], workflow: Path) -> Project:
    """Reads what `raw_config` selects from the folder `workflow`.

    Raises:
        ConfigError: names every fault found, in `config.yaml` and in the files it selects.
    """
    config, faults = _config(raw_config, workflow)
    if config is None:
        raise ConfigError("config.yaml", faults)
    in_config = len(faults)
    scale = _scale(config, workflow)
    corpora = _corpora(config, scale, workflow, faults)
    faulty = set(names_below(workflow / "corpora", ".yaml")) - set(corpora)
    papers = {}
    for name in config.papers:
        overrides = {
            f"scale {scale.scale}: overrides.papers.{name}": scale.overrides.papers.get(name, {}),
            f"overrides.papers.{name}": config.overrides.papers.get(name, {}),
        }
        reader = PaperReader(name, workflow / "papers" / name / "paper.yaml", overrides)
        paper = reader.paper(corpora, faulty)
        faults.extend(dict.fromkeys(reader.faults))
        if paper is not None:
            papers[name] = _without_unbuilt(paper, config.variants)
    faults.extend(_feature_conflicts(papers))
    sources, missing = _sources(config, scale, corpora, papers, faults)
    published, weights = weights_of(config, scale, workflow, papers, missing, faults)
    if faults:
        raise ConfigError(", ".join(_files_behind(faults[in_config:], scale, workflow)), faults)
    return Project(config, scale, corpora, sources, papers, missing, published, weights)


def _files_behind(faults: Iterable[str], scale: Scale, workflow: Path) -> list[str]:
    """The files to look into: a paper's, corpus' or weights' own, with what is laid over it."""
    keys = [fault.partition(":")[0].split(".") for fault in faults]
    keys = [key for key in keys if len(key) > 1]
    specs = {
        "papers": {f"{name[1]}/paper.yaml" for name in keys if name[0] == "papers"},
    }
    for folder in ("corpora", "weights"):
        specs[folder] = {
            f"{name[1]}.yaml" for name in keys if name[0] == folder and name[2:] != ["source"]
        }
    files = [f"{folder}/{file}" for folder, names in specs.items() for file in sorted(names)]
    if files:
        files.insert(0, f"scales/{scale.scale}.yaml")
    return ["config.yaml", *(f"{workflow.name}/{file}" for file in files)]


def _config(raw: Mapping[str, Any], workflow: Path) -> tuple[Config | None, list[str]]:
    """The sound part of the configuration, so that the rest is checked too, and its faults."""
    faults: list[str] = []
    config: Config | None
    try:
        config = Config.model_validate(raw)
    except ValidationError as error:
        faults = faults_of(error, Config)
        config = _sound_part(raw, error)
    if config is None:
        return None, faults
    faults += _unknown_names(
        {
            "scales": {"scale": [config.scale]},
            "papers": {"papers": config.papers, "overrides.papers": config.overrides.papers},
            "corpora": {"corpora": config.corpora, "overrides.corpora": config.overrides.corpora},
            "weights": {"weights": config.weights},
        },
        workflow,
    )
    if "paper" not in config.variants:
        faults.append("variants: 'paper' is missing: tables and figures show it; drop only 'clean'")
    if config.scale not in names_below(workflow / "scales", ".yaml"):
        return None, faults
    known = tuple(name for name in config.papers if name in names_below(workflow / "papers"))
    return config.model_copy(update={"papers": known}), faults


def _sound_part(raw: Mapping[str, Any], error: ValidationError) -> Config | None:
    """The configuration without its faulty keys; None where they cannot be spared."""
    content = copy.deepcopy(dict(raw))
    for detail in error.errors():
        *parents, key = detail["loc"]
        holder: Any = content
        for parent in parents:
            holder = holder.get(parent) if isinstance(holder, dict) else None
        if isinstance(holder, dict):
            holder.pop(key, None)
    try:
        return Config.model_validate(content)
    except ValidationError:
        return None


def _without_unbuilt(paper: Paper, variants: Iterable[VariantName]) -> Paper:
    """The paper without the rows of tables and the figures that show variants left out."""
    if "clean" in variants:
        return paper
    tables = {name: table.model_copy(update={"clean": ()}) for name, table in paper.tables.items()}
    figures = {name: fig for name, fig in paper.figures.items() if fig.variant in variants}
    return paper.model_copy(update={"tables": tables, "figures": figures})


def _unknown_names(chosen: Mapping[str, Mapping[str, Iterable[str]]], workflow: Path) -> list[str]:
    """Faults for names that do not exist, from folder of the workflow -> key -> names."""
    faults = []
    for folder, names_by_key in chosen.items():
        known = names_below(workflow / folder, "" if folder == "papers" else ".yaml")
        faults += [
            f"{key}: {name!r} does not exist; {nearest(name, known)}"
            for key, names in names_by_key.items()
            for name in names
            if name not in known
        ]
    return faults


def _scale(config: Config, workflow: Path) -> Scale:
    path = workflow / "scales" / f"{config.scale}.yaml"
    try:
        scale = Scale.model_validate(read_yaml(path))
    except ValidationError as error:
        raise ConfigError(str(path), faults_of(error, Scale)) from None
    overrides = scale.overrides
    faults = _unknown_names(
        {
            "papers": {"overrides.papers": overrides.papers},
            "corpora": {"overrides.corpora": overrides.corpora},
        },
        workflow,
    )
    if scale.scale != config.scale:
        faults.append(f"scale: {scale.scale!r} is not the name of its file, {config.scale!r}")
    if faults:
        raise ConfigError(str(path), faults)
    return scale


def _corpora(config: Config, scale: Scale, workflow: Path, faults: list[str]) -> dict[str, Corpus]:
    corpora = {}
    folder = workflow / "corpora"
    for name in names_below(folder, ".yaml"):
        content: Any = read_yaml(folder / f"{name}.yaml")
        for layer in (scale, config):
            content = merged(content, layer.overrides.corpora.get(name, {}))
        before = len(faults)
        content = with_columns(content, folder, f"corpora.{name}", faults)
        if len(faults) > before:
            continue
        try:
            corpora[name] = Corpus.model_validate(content)
        except ValidationError as error:
            faults.extend(faults_of(error, Corpus, f"corpora.{name}"))
            continue
        faults.extend(recode_faults(corpora[name], f"corpora.{name}"))
        faults.extend(file_table_faults(corpora[name], folder))
        if corpora[name].corpus != name:
            faults.append(
                f"corpora.{name}.corpus: {corpora[name].corpus!r} is not the name of its file"
            )
    return corpora


def _feature_conflicts(papers: Mapping[str, Paper]) -> list[str]:
    """Faults for features of one name and different contents: papers share feature files."""
    first: dict[str, tuple[str, Feature]] = {}
    conflicts = {
        f"papers.{name}.features.{one.feature_name}: differs from the feature "
        f"of that name of paper {first[one.feature_name][0]}; rename one"
        for name, paper in papers.items()
        for one in _inputs(paper)
        if first.setdefault(one.feature_name, (name, one.feature))[1] != one.feature
    }
    return sorted(conflicts)


def _inputs(paper: Paper) -> list[Input]:
    """The inputs of every experiment and variant of a paper."""
    return [
        one
        for variants in paper.experiments.values()
        for experiment in variants.values()
        for one in experiment.inputs
    ]


def _sources(
    config: Config,
    scale: Scale,
    corpora: Mapping[str, Corpus],
    papers: Mapping[str, Paper],
    faults: list[str],
) -> tuple[dict[str, ResolvedSource], dict[str, str]]:
    """Of the corpora that the selected papers use, as far as these could be read: their sources,
    and how to come by those that must be asked for, where the build goes on without them.
    """
    used: dict[str, set[str]] = {}
    inputs = [one for paper in papers.values() for one in _inputs(paper)]
    for dataset in (dataset for one in inputs for dataset in one.datasets):
        used.setdefault(corpus_of(dataset), set()).add(name_in_corpus(dataset))
    if len(papers) < len(config.papers):
        # A faulty paper may use any corpus: a fault of its source is told now, not next time.
        used = {name: set() for name in config.corpora} | used
    sources, missing = {}, {}
    for name in sorted(used.keys() & corpora.keys()):
        chosen = config.corpora.get(name, Source())
        needed = needed_patterns(corpora[name], sorted(used[name]))
        try:
            sources[name] = resolve_source(
                corpora[name], chosen.source or scale.source, chosen.partial, needed
            )
        except MissingData as error:
            if config.keep_going_without_data:
                missing[name] = str(error)
            elif used[name]:
                # By a sound paper: a faulty one may well do without it.
                hint = "Or set keep_going_without_data: true to build all the rest."
                faults.append(f"corpora.{name}.source: {error} {hint}")
        except RetableError as error:
            faults.append(f"corpora.{name}.source: {error}")
    return sources, missing
