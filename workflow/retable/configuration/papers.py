"""Reads `workflow/papers/<paper>/paper.yaml`: inheritance, sweeps, references, validation."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, TypeAdapter, ValidationError

from retable.configuration.faults import faults_of
from retable.configuration.figures import figure_faults
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
from retable.spec.corpus import Corpus, corpus_of
from retable.spec.feature import Feature
from retable.spec.figure import Figure
from retable.spec.model import Baseline, Model
from retable.spec.paper import Experiment, Paper, Table, TextRow
from retable.spec.split import KFold, Split
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
    folds: tuple[int, ...] | None = None
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

    def __init__(self, name: str, path: Path, overrides: Mapping[str, Mapping[str, Any]]):
        """Reads the file.

        Args:
            name: the paper's folder.
            path: its `paper.yaml`.
            overrides: dotted key of the overrides -> section -> entry -> fields, in their order.
        """
        self.name = name
        self.faults: list[str] = []
        self._faulty_corpora: Collection[str] = ()
        content = self._swept(read_yaml(path))
        self._raw: RawPaper | None = None
        if not self.faults:
            self._raw = self._validated(RawPaper, self._overridden(content, overrides), ())

    def paper(self, corpora: Mapping[str, Corpus], faulty: Collection[str] = ()) -> Paper | None:
        """The paper, or None where `faults` says why not.

        Args:
            corpora: the corpora by name.
            faulty: names of corpora whose own faults are reported already.
        """
        raw = self._raw
        if raw is None:
            return None
        self._faulty_corpora = faulty
        if raw.paper != self.name:
            self._add("paper", f"{raw.paper!r} is not the name of its folder, {self.name!r}")
        experiments = {name: self._variants(raw, name, corpora) for name in raw.experiments}
        self._check_references(raw, experiments)
        for fault in figure_faults(raw.figures, experiments, corpora):
            self.faults.append(f"papers.{self.name}.{fault}")
        if self.faults:
            return None
        return Paper(
            paper=raw.paper, title=raw.title, citation=raw.citation, experiments=experiments,
            tables=raw.tables, text=raw.text, figures=raw.figures,
        )  # fmt: skip

    def _add(self, where: str, fault: str) -> None:
        self.faults.append(f"papers.{self.name}.{where}: {fault}")

    def _swept(self, content: Entry) -> Entry:
        for section in _sections(content):
            try:
                content[section] = swept(content[section], f"papers.{self.name}.{section}")
            except MergeFault as fault:
                self.faults.append(str(fault))
        return content

    def _overridden(self, content: Entry, overrides: Mapping[str, Mapping[str, Any]]) -> Entry:
        sections = _sections(content)
        for key, change in overrides.items():
            for section, entries in change.items():
                where = f"{key}.{section}"
                if section not in sections:
                    self.faults.append(f"{where}: no such section; {nearest(section, sections)}")
                    continue
                try:
                    content[section] = overridden(content[section], entries, where)
                except MergeFault as fault:
                    self.faults.append(str(fault))
        return content

    def _variants(
        self, raw: RawPaper, name: str, corpora: Mapping[str, Corpus]
    ) -> dict[str, Experiment]:
        try:
            base = inherited(raw.experiments, name, f"papers.{self.name}.experiments")
        except MergeFault as fault:
            self.faults.append(str(fault))
            return {}
        variants = base.get("variants", {"paper": {}})
        if not isinstance(variants, Mapping):
            self._validated(RawExperiment, base, ("experiments", name))
            return {}
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
            self._add(f"experiments.{name}.training", "networks need one, baselines none")
            return None
        fields = own.model_dump(exclude={"feature", "split", "model", "training", "variants"})
        names = {"feature_name": own.feature, "split_name": own.split}
        identity = {"paper": raw.paper, "experiment": name, "variant": variant}
        experiment = self._validated(Experiment, fields | names | identity | parts, where)
        if experiment is not None:
            self._check_selection(experiment)
            self._check_folds(experiment)
        return experiment

    def _part(
        self, kind: Any, section: dict[str, Entry], chosen: str | Entry, title: str, where: Any
    ) -> Any:
        """The spec that `chosen`, a name or an inline entry that extends one, describes."""
        own_place = (*where, title.removesuffix("s"))
        if isinstance(chosen, str) and chosen not in section:
            self._add(".".join(own_place), f"no {chosen!r} in {title}; {nearest(chosen, section)}")
            return None
        inline = {"": chosen} if isinstance(chosen, dict) else {}
        place = own_place if inline else (title,)
        try:
            entry = inherited(
                {**section, **inline},
                "" if inline else str(chosen),
                ".".join(("papers", self.name, *place)),
            )
        except MergeFault as fault:
            self.faults.append(str(fault))
            return None
        return self._validated(kind, entry, place if inline else (title, str(chosen)))

    def _validated(self, kind: Any, content: Any, where: tuple[str, ...]) -> Any:
        try:
            return TypeAdapter(kind).validate_python(content)
        except ValidationError as error:
            place = ".".join((f"papers.{self.name}", *where))
            self.faults.extend(
                fault for fault in faults_of(error, kind, place) if fault not in self.faults
            )
            return None

    def _check_dataset(self, own: RawExperiment, name: str, corpora: Mapping[str, Corpus]) -> None:
        if corpus_of(own.dataset) in self._faulty_corpora:
            return
        where = f"experiments.{name}"
        known = {
            f"{corpus.corpus}-{dataset}": corpus
            for corpus in corpora.values()
            for dataset in corpus.datasets
        }
        if own.dataset not in known:
            self._add(
                f"{where}.dataset", f"no dataset {own.dataset!r}; {nearest(own.dataset, known)}"
            )
            return
        labels = known[own.dataset].labels
        for task in own.tasks:
            if task not in labels:
                self._add(
                    f"{where}.tasks",
                    f"no labels for {task!r} in {own.dataset}; {nearest(task, labels)}",
                )

    def _check_selection(self, experiment: Experiment) -> None:
        where = f"experiments.{experiment.experiment}"
        selection = experiment.training.selection if experiment.training else "last"
        if selection == "best_test" and experiment.variant != "paper":
            self._add(
                where,
                "selection best_test looks at test data and is open only to variant paper",
            )
        if selection == "best_validation" and isinstance(experiment.split, KFold):
            self._add(
                where,
                f"selection best_validation needs validation clips, and split "
                f"{experiment.split_name} has none; use selection last",
            )

    def _check_folds(self, experiment: Experiment) -> None:
        where = f"experiments.{experiment.experiment}.folds"
        folds, last = experiment.folds or (), experiment.split.folds - 1
        if unknown := sorted(set(folds) - set(range(last + 1))):
            self._add(
                where, f"split {experiment.split_name} has folds 0 to {last}, not {unknown[0]}"
            )
        if len(set(folds)) < len(folds):
            self._add(where, f"{list(folds)} names a fold twice")

    def _check_references(
        self, raw: RawPaper, experiments: Mapping[str, Mapping[str, Experiment]]
    ) -> None:
        """What a table, a figure or a text row shows must exist: experiment, variant and row."""
        named = [
            *((f"tables.{table}.{axis}.{key}", cell.experiment, "paper")
              for table, spec in raw.tables.items()
              for axis in ("rows", "columns", "metrics")
              for key, cell in getattr(spec, axis).items()),
            *((f"tables.{table}.clean", spec.rows[row].experiment, "clean")
              for table, spec in raw.tables.items() for row in spec.clean
              if row in spec.rows and spec.rows[row].experiment in experiments),
            *((f"figures.{figure}", experiment, spec.variant)
              for figure, spec in raw.figures.items() for experiment in spec.experiments),
            *((f"text.{row.row}.{row.column}.{row.metric}", part.experiment, "paper")
              for row in raw.text for part in (row.cell, row.setting) if part),
        ]  # fmt: skip
        for where, experiment, variant in named:
            if experiment is None:
                continue
            if experiment not in experiments:
                self._add(
                    where, f"no experiment {experiment!r}; {nearest(experiment, experiments)}"
                )
            elif experiments[experiment] and variant not in experiments[experiment]:
                self._add(where, f"experiment {experiment} has no variant {variant!r}")
        for table, spec in raw.tables.items():
            for row in sorted(set(spec.clean) - set(spec.rows)):
                self._add(f"tables.{table}.clean", f"no row {row!r}; {nearest(row, spec.rows)}")
        charts = [name for name, figure in raw.figures.items() if figure.draws == "scores"]
        for line in raw.text:
            if line.best and line.best.figure not in charts:
                self._add(
                    f"text.{line.row}.{line.column}.{line.metric}.best.figure",
                    f"no figure {line.best.figure!r} of a metric by a parameter; "
                    f"{nearest(line.best.figure, charts)}",
                )


def _sections(content: Entry) -> list[str]:
    return [name for name in SECTIONS if isinstance(content.get(name), dict)]
