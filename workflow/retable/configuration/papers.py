"""Reads `workflow/papers/<paper>/paper.yaml`: inheritance, sweeps, references, validation."""

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from retable.configuration.cells import run_faults, text_faults
from retable.configuration.datasets import dataset_faults
from retable.configuration.derived import fusion_faults, verification_faults
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
from retable.configuration.names import embed_faults, name_faults
from retable.configuration.raw import OneInput, RawExperiment, RawInput, RawPaper, SeveralInputs
from retable.configuration.reading import read_yaml, with_columns
from retable.configuration.references import (
    experiment_faults,
    reference_faults,
    warm_start_faults,
)
from retable.spec.corpus import Corpus
from retable.spec.feature import Feature
from retable.spec.model import Baseline, Model
from retable.spec.paper import Experiment, Fusion, Input, Paper, Verification
from retable.spec.split import Split
from retable.spec.training import Training

SECTIONS = (
    "features", "splits", "models", "trainings", "experiments", "fusions", "verifications",
    "tables", "text", "figures",
)  # fmt: skip


Resolve = Callable[[str, str, Entry], Any]
"""Name, variant and merged fields of an entry -> its resolved spec, or None with faults noted."""


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
        content = self._swept(self._with_named_text(read_yaml(path)))
        own_tables = _tables(content)
        self._raw: RawPaper | None = None
        if not self.faults:
            content = self._overridden(content, overrides)
            self._removed_tables = tuple(sorted(own_tables - _tables(content)))
            content = with_columns(content, path.parent, f"papers.{name}", self.faults)
            self._raw = self._validated(RawPaper, content, ())

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
            self._add(f"paper: {raw.paper!r} is not the name of its folder, {self.name!r}")
        experiments = {
            name: self._variants(
                "experiments", raw.experiments, name, self._experiment_of(raw, corpora)
            )
            for name in raw.experiments
        }
        fusions = {
            name: self._variants("fusions", raw.fusions, name, self._derived(Fusion, "fusions"))
            for name in raw.fusions
        }
        verifications = {
            name: self._variants(
                "verifications",
                raw.verifications,
                name,
                self._derived(Verification, "verifications"),
            )
            for name in raw.verifications
        }
        for fault in (
            *name_faults(raw),
            *embed_faults(experiments),
            *reference_faults(raw, {**experiments, **fusions, **verifications}),
            *run_faults(raw, experiments),
            *text_faults(raw),
            *warm_start_faults(experiments),
            *fusion_faults(fusions, experiments),
            *verification_faults(verifications, experiments, fusions),
            *figure_faults(raw.figures, experiments, fusions, verifications, corpora),
        ):
            self._add(fault)
        if self.faults:
            return None
        return Paper(
            paper=raw.paper, title=raw.title, citation=raw.citation, analogue=raw.analogue,
            experiments=experiments, fusions=fusions, verifications=verifications,
            tables=raw.tables, removed_tables=self._removed_tables,
            text=tuple(raw.text.values()), figures=raw.figures,
        )  # fmt: skip

    def _add(self, fault: str) -> None:
        """A fault that begins with its key below the paper, once."""
        line = f"papers.{self.name}.{fault}"
        if line not in self.faults:
            self.faults.append(line)

    def _with_named_text(self, content: Entry) -> Entry:
        """The text rows by `row / column / metric`, so that overrides can name them."""
        rows = content.get("text", [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            return content
        named: Entry = {}
        for row in rows:
            name = " / ".join(str(row.get(key, "")) for key in ("row", "column", "metric"))
            if name in named:
                self._add(f"text.{name}: occurs twice; keep one")
            named[name] = row
        return content | {"text": named}

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
        self, section: str, entries: Mapping[str, Entry], name: str, resolve: Resolve
    ) -> dict[str, Any]:
        """Variant -> what `resolve` makes of the entry with the variant's changes."""
        try:
            base = inherited(entries, name, f"papers.{self.name}.{section}")
        except MergeFault as fault:
            self.faults.append(str(fault))
            return {}
        variants = base.pop("variants", {"paper": {}})
        if not isinstance(variants, Mapping):
            self._add(f"{section}.{name}.variants: {variants!r}: expected keys and values")
            return {}
        resolved = {
            variant: resolve(name, variant, merged(base, change))
            for variant, change in variants.items()
        }
        return {key: value for key, value in resolved.items() if value is not None}

    def _derived(self, kind: type[Fusion] | type[Verification], section: str) -> Resolve:
        """Resolves the entries of a section whose specs name themselves in its singular."""

        def resolve(name: str, variant: str, entry: Entry) -> Any:
            identity = {"paper": self.name, section.removesuffix("s"): name, "variant": variant}
            return self._validated(kind, entry | identity, (section, name))

        return resolve

    def _experiment_of(self, raw: RawPaper, corpora: Mapping[str, Corpus]) -> Resolve:
        return lambda name, variant, entry: self._experiment(raw, name, variant, entry, corpora)

    def _experiment(
        self, raw: RawPaper, name: str, variant: str, entry: Entry, corpora: Mapping[str, Corpus]
    ) -> Experiment | None:
        where = ("experiments", name)
        kind = SeveralInputs if "inputs" in entry else OneInput
        own: RawExperiment | None = self._validated(kind, entry, where)
        if own is None:
            return None
        inputs = [
            self._input(raw, one, (*where, "inputs", key) if key else where, corpora)
            for key, one in own.named_inputs().items()
        ]
        model = self._part(Model, raw.models, own.model, "models", where)
        training = None
        if own.training is not None:
            training = self._part(Training, raw.trainings, own.training, "trainings", where)
        if model is None or None in inputs or (training is None) != (own.training is None):
            return None
        if (training is None) != isinstance(model, Baseline):
            self._add(f"experiments.{name}.training: networks need one, baselines none")
            return None
        fields = own.model_dump(include=set(RawExperiment.model_fields) - {"variants"})
        parts = {"inputs": inputs, "model": model, "training": training}
        identity = {"paper": raw.paper, "experiment": name, "variant": variant}
        experiment: Experiment | None = self._validated(
            Experiment, fields | identity | parts, where
        )
        if experiment is not None:
            for fault in experiment_faults(experiment):
                self._add(fault)
        return experiment

    def _input(
        self, raw: RawPaper, own: RawInput, where: tuple[str, ...], corpora: Mapping[str, Corpus]
    ) -> Input | None:
        feature = self._part(Feature, raw.features, own.feature, "features", where)
        split = self._part(Split, raw.splits, own.split, "splits", where)
        for fault in dataset_faults(own, split, ".".join(where), corpora, self._faulty_corpora):
            self._add(fault)
        if feature is None or split is None:
            return None
        fields = own.model_dump(exclude={"feature", "split"})
        names = {"feature_name": own.feature, "split_name": own.split}
        return Input(**fields, **names, feature=feature, split=split)

    def _part(
        self, kind: Any, section: dict[str, Entry], chosen: str | Entry, title: str, where: Any
    ) -> Any:
        """The spec that `chosen`, a name or an inline entry that extends one, describes."""
        own_place = (*where, title.removesuffix("s"))
        if isinstance(chosen, str) and chosen not in section:
            place = ".".join(own_place)
            self._add(f"{place}: no {chosen!r} in {title}; {nearest(chosen, section)}")
            return None
        inline = {"": chosen} if isinstance(chosen, dict) else {}
        section_place = own_place if inline else (title,)
        try:
            entry = inherited(
                {**section, **inline},
                "" if inline else str(chosen),
                ".".join(("papers", self.name, *section_place)),
            )
        except MergeFault as fault:
            self.faults.append(str(fault))
            return None
        return self._validated(kind, entry, own_place if inline else (title, str(chosen)))

    def _validated(self, kind: Any, content: Any, where: tuple[str, ...]) -> Any:
        try:
            return TypeAdapter(kind).validate_python(content)
        except ValidationError as error:
            place = ".".join((f"papers.{self.name}", *where))
            self.faults.extend(
                fault for fault in faults_of(error, kind, place) if fault not in self.faults
            )
            return None


def _sections(content: Entry) -> list[str]:
    return [name for name in SECTIONS if isinstance(content.get(name), dict)]


def _tables(content: Entry) -> set[str]:
    """Names of the tables that are described, `text` where there are rows of it."""
    tables = content.get("tables")
    named = set(tables) if isinstance(tables, dict) else set()
    return named | ({"text"} if content.get("text") else set())
