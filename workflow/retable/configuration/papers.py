"""Reads `workflow/papers/<paper>/paper.yaml`: inheritance, sweeps, references, validation."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from retable.configuration.faults import faults_of
from retable.configuration.merging import (
    Entry,
    MergeFault,
    inherited,
    merged,
    nearest,
    overridden,
    swept,
)
from retable.configuration.reading import read_yaml
from retable.spec.base import Spec
from retable.spec.corpus import Corpus
from retable.spec.feature import Feature
from retable.spec.model import Baseline, Model
from retable.spec.paper import Experiment, Figure, Paper, Table, TextRow
from retable.spec.split import Split
from retable.spec.training import Training

SECTIONS = ("features", "splits", "models", "trainings", "experiments", "tables", "figures")


class RawExperiment(Spec):
    """An experiment as `paper.yaml` writes it, before names are looked up."""

    title: str
    dataset: str
    tasks: tuple[str, ...] = Field(min_length=1)
    feature: str
    split: str
    model: str | dict[str, Any]
    training: str | dict[str, Any] | None = None
    repeats: int = 1
    runs_per_part: int = 1
    variants: dict[str, dict[str, Any]] = {"paper": {}}


class RawPaper(Spec):
    """`paper.yaml` with sweeps expanded and overrides applied, before names are looked up."""

    paper: str
    title: str
    citation: str
    features: dict[str, dict[str, Any]]
    splits: dict[str, dict[str, Any]]
    models: dict[str, dict[str, Any]]
    trainings: dict[str, dict[str, Any]] = {}
    experiments: dict[str, dict[str, Any]]
    tables: dict[str, Table] = {}
    text: tuple[TextRow, ...] = ()
    figures: dict[str, Figure] = {}


class PaperReader:
    """Builds a `Paper` and collects every fault on the way instead of stopping at the first."""

    def __init__(self, name: str, path: Path, overrides: Sequence[Mapping[str, Any]]):
        self.name = name
        self.faults: list[str] = []
        self._raw = self._validated(RawPaper, self._content(path, overrides), ())

    def paper(self, corpora: Mapping[str, Corpus]) -> Paper | None:
        """The paper, or None where `faults` says why not."""
        raw = self._raw
        if raw is None:
            return None
        experiments = {name: self._variants(raw, name, corpora) for name in raw.experiments}
        self._check_references(raw)
        if self.faults:
            return None
        return Paper(
            paper=raw.paper, title=raw.title, citation=raw.citation, experiments=experiments,
            tables=raw.tables, text=raw.text, figures=raw.figures,
        )  # fmt: skip

    def _content(self, path: Path, overrides: Sequence[Mapping[str, Any]]) -> Entry:
        content = read_yaml(path)
        for section in SECTIONS:
            if not isinstance(content.get(section), dict):
                continue
            content[section] = swept(content[section])
        for change in overrides:
            for section, entries in change.items():
                where = f"overrides.papers.{self.name}.{section}"
                if section not in SECTIONS:
                    self.faults.append(f"{where}: no such section; {nearest(section, SECTIONS)}")
                    continue
                try:
                    content[section] = overridden(content.get(section, {}), entries, where)
                except MergeFault as fault:
                    self.faults.append(str(fault))
        return content

    def _variants(
        self, raw: RawPaper, name: str, corpora: Mapping[str, Corpus]
    ) -> dict[str, Experiment]:
        try:
            base = inherited(raw.experiments, name, "experiments")
        except MergeFault as fault:
            self.faults.append(str(fault))
            return {}
        variants = base.get("variants", {"paper": {}})
        resolved = {
            variant: self._experiment(raw, name, variant, merged(base, change), corpora)
            for variant, change in variants.items()
        }
        return {key: value for key, value in resolved.items() if value is not None}

    def _experiment(
        self, raw: RawPaper, name: str, variant: str, entry: Entry, corpora: Mapping[str, Corpus]
    ) -> Experiment | None:
        where = ("experiments", name)
        own = self._validated(RawExperiment, entry, where)
        if own is None:
            return None
        parts = {
            "feature": self._part(Feature, raw.features, own.feature, "features", where),
            "split": self._part(Split, raw.splits, own.split, "splits", where),
            "model": self._part(Model, raw.models, own.model, "models", where),
        }
        if own.training is not None:
            parts["training"] = self._part(
                Training, raw.trainings, own.training, "trainings", where
            )
        self._check_dataset(own, name, corpora)
        if any(part is None for part in parts.values()):
            return None
        if (own.training is None) != isinstance(parts["model"], Baseline):
            self.faults.append(f"experiments.{name}.training: networks need one, baselines none")
            return None
        fields = own.model_dump(exclude={"feature", "split", "model", "training", "variants"})
        names = {"feature_name": own.feature, "split_name": own.split}
        identity = {"paper": raw.paper, "experiment": name, "variant": variant}
        experiment = self._validated(Experiment, fields | names | identity | parts, where)
        if experiment is not None:
            self._check_selection(experiment)
        return experiment

    def _part(
        self, kind: Any, section: dict[str, Entry], chosen: str | Entry, title: str, where: Any
    ) -> Any:
        """The spec that `chosen`, a name or an inline entry that extends one, describes."""
        if isinstance(chosen, str) and chosen not in section:
            self.faults.append(f"{'.'.join(where)}: no {chosen!r} in {title}; "
                               f"{nearest(chosen, section)}")  # fmt: skip
            return None
        inline = {"": chosen} if isinstance(chosen, dict) else {}
        try:
            entry = inherited({**section, **inline}, "" if inline else str(chosen), title)
        except MergeFault as fault:
            self.faults.append(f"{'.'.join(where)}: {fault}")
            return None
        place = where if inline else (title, str(chosen))
        return self._validated(kind, entry, place)

    def _validated(self, kind: Any, content: Any, where: tuple[str, ...]) -> Any:
        try:
            return TypeAdapter(kind).validate_python(content)
        except ValidationError as error:
            model = kind if isinstance(kind, type) and issubclass(kind, BaseModel) else Spec
            place = ".".join((f"papers.{self.name}", *where))
            self.faults.extend(
                fault for fault in faults_of(error, model, place) if fault not in self.faults
            )
            return None

    def _check_dataset(self, own: RawExperiment, name: str, corpora: Mapping[str, Corpus]) -> None:
        where = f"papers.{self.name}.experiments.{name}"
        known = {
            f"{corpus.corpus}-{dataset}": corpus
            for corpus in corpora.values()
            for dataset in corpus.datasets
        }
        if own.dataset not in known:
            self.faults.append(
                f"{where}.dataset: no dataset {own.dataset!r}; {nearest(own.dataset, known)}"
            )
            return
        labels = known[own.dataset].labels
        self.faults.extend(
            f"{where}.tasks: no labels for {task!r} in {own.dataset}; {nearest(task, labels)}"
            for task in own.tasks
            if task not in labels
        )

    def _check_selection(self, experiment: Experiment) -> None:
        training = experiment.training
        if training and training.selection == "best_test" and experiment.variant != "paper":
            self.faults.append(
                f"papers.{self.name}.experiments.{experiment.experiment}: selection best_test "
                f"looks at test data and is open only to variant paper"
            )

    def _check_references(self, raw: RawPaper) -> None:
        """Every experiment that a table, a figure or a text row names must exist."""
        named = [
            *((f"tables.{table}.{axis}.{key}", cell.experiment)
              for table, spec in raw.tables.items()
              for axis in ("rows", "columns", "metrics")
              for key, cell in getattr(spec, axis).items()),
            *((f"figures.{figure}", experiment)
              for figure, spec in raw.figures.items() for experiment in spec.experiments),
            *((f"text.{row.row}.{row.column}.{row.metric}", part.experiment)
              for row in raw.text for part in (row.cell, row.setting) if part),
        ]  # fmt: skip
        self.faults.extend(
            f"papers.{self.name}.{where}: no experiment {experiment!r}; "
            f"{nearest(experiment, raw.experiments)}"
            for where, experiment in named
            if experiment is not None and experiment not in raw.experiments
        )
