"""What there is to build: the runs of every experiment, their parts, and what each job depends on.

Rules own the paths; the plan owns names, numbers and the texts that make a job rerun. It imports
neither torch nor pandas, because Snakemake asks it before every job.
"""

import csv
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from retable.configuration.project import Project, read_project
from retable.corpora.source import ResolvedSource
from retable.digest import code_digest
from retable.registry import BASELINES, CORPORA, FEATURES, FIGURES, MODELS, TWINS
from retable.spec.base import canonical_json
from retable.spec.corpus import Archive, Corpus, Dataset, Promise, corpus_of
from retable.spec.feature import Feature
from retable.spec.paper import Comparability, Experiment, Paper
from retable.spec.part import Part, Run
from retable.spec.split import Split
from retable.spec.variant import VariantName


@dataclass(frozen=True)
class Plan:
    """The jobs that a project needs."""

    project: Project
    workflow: Path

    @classmethod
    def of(cls, raw_config: Mapping[str, Any], workflow: Path) -> "Plan":
        """The plan of a configuration; raises ConfigError as `read_project` does."""
        return cls(read_project(raw_config, workflow), workflow)

    @property
    def papers(self) -> Mapping[str, Paper]:
        """The selected papers by name."""
        return self.project.papers

    @property
    def corpora(self) -> list[str]:
        """Names of the corpora that the selected papers use."""
        return sorted(self.project.sources)

    @cached_property
    def experiments(self) -> dict[tuple[str, str, str], Experiment]:
        """(paper, experiment, variant) -> spec, for the selected papers and variants."""
        return {
            (paper.paper, name, variant): experiment
            for paper in self.papers.values()
            for name, variants in paper.experiments.items()
            for variant, experiment in variants.items()
            if variant in self.project.config.variants
        }

    def experiment(self, paper: str, experiment: str, variant: str) -> Experiment:
        """One experiment's spec."""
        return self.experiments[paper, experiment, variant]

    def variants(self, paper: str, experiment: str) -> list[VariantName]:
        """The variants of an experiment that are built."""
        return [
            spec.variant
            for (its_paper, name, _), spec in self.experiments.items()
            if (its_paper, name) == (paper, experiment)
        ]

    def network_names(self) -> list[str]:
        """Names of the experiments that train a network."""
        return sorted({e.experiment for e in self.experiments.values() if e.training})

    def baseline_names(self) -> list[str]:
        """Names of the experiments that fit a baseline."""
        return sorted({e.experiment for e in self.experiments.values() if not e.training})

    def corpus(self, name: str) -> Corpus:
        """A corpus' spec."""
        return self.project.corpora[name]

    def source(self, corpus: str) -> ResolvedSource:
        """Where a corpus is read from."""
        return self.project.sources[corpus]

    def archive(self, corpus: str, name: str) -> Archive:
        """One archive of a corpus, by file name."""
        return next(archive for archive in self.corpus(corpus).archives if archive.name == name)

    def unpacked_limit(self, corpus: str, folder: str) -> int:
        """Bytes that the archive for a folder may unpack to: audio compresses less than this."""
        archives = self.corpus(corpus).archives
        return 20 * next(archive.bytes for archive in archives if archive.unpack_to == folder)

    def dataset(self, name: str) -> Dataset:
        """A dataset's spec, by `<corpus>-<dataset>`."""
        corpus = corpus_of(name)
        return self.corpus(corpus).datasets[name.removeprefix(f"{corpus}-")]

    def datasets(self) -> list[str]:
        """Names of the datasets in use."""
        return sorted({experiment.dataset for experiment in self.experiments.values()})

    def shards(self, dataset: str) -> list[str]:
        """Names of a dataset's shards."""
        return [f"{shard:03d}" for shard in range(self.corpus(corpus_of(dataset)).shards)]

    def folder_content(self, corpus: str) -> str:
        """Changes when a file in a directory that is read in place does; empty without one."""
        source = self.source(corpus)
        return source.fingerprint if source.kind == "folders" else ""

    def indexed(self, corpus: str) -> Corpus:
        """A corpus' spec with no other archives than its source holds."""
        spec, present = self.corpus(corpus), self.source(corpus).present
        archives = tuple(archive for archive in spec.archives if archive.name in present)
        return spec.model_copy(update={"archives": archives})

    def index_text(self, corpus: str) -> str:
        """What the manifest of a corpus depends on, besides its clips."""
        fields = {"sample_rate", "labels", "max_rejected"}
        folders = sorted(archive.unpack_to for archive in self.indexed(corpus).archives)
        spec = self.corpus(corpus).model_dump(mode="json", include=fields)
        return canonical_json(spec | {"folders": folders})

    def origin(self, dataset: str) -> str:
        """In a word, where the audio of a dataset comes from."""
        kind = self.source(corpus_of(dataset)).kind
        return "directory" if kind in ("folders", "archives") else kind

    def promise(self, corpus: str) -> Promise:
        """What the clips of a corpus are held against."""
        source = self.source(corpus)
        return Promise(
            corpus=self.corpus(corpus),
            simulated=source.kind == "simulated",
            partial=source.partial,
        )

    def features(self) -> list[tuple[str, str]]:
        """(feature, dataset) pairs in use."""
        return sorted({(e.feature_name, e.dataset) for e in self.experiments.values()})

    def feature(self, name: str) -> Feature:
        """A feature's spec, by name."""
        return next(e.feature for e in self.experiments.values() if e.feature_name == name)

    def splits(self) -> list[tuple[str, str, str]]:
        """(paper, dataset, split) triples in use."""
        return sorted({(e.paper, e.dataset, e.split_name) for e in self.experiments.values()})

    def split(self, paper: str, name: str) -> Split:
        """A split's spec, by paper and name."""
        return next(
            e.split for e in self.experiments.values() if (e.paper, e.split_name) == (paper, name)
        )

    def runs(self, experiment: Experiment) -> list[Run]:
        """All runs of an experiment: its folds in every repeat, each with its own seed."""
        return [
            Run(
                repeat=repeat,
                fold=fold,
                seed=run_seed(experiment, repeat, fold),
                draw=repeat % experiment.split.repeats,
            )
            for repeat in range(experiment.repeats)
            for fold in experiment.folds or range(experiment.split.folds)
        ]

    def parts(self, experiment: Experiment) -> list[str]:
        """Names of the jobs that an experiment is trained in."""
        count = -(-len(self.runs(experiment)) // experiment.runs_per_part)
        return [str(part) for part in range(count)]

    def part(self, experiment: Experiment, part: str) -> Part:
        """One training job."""
        start = int(part) * experiment.runs_per_part
        corpus = self.corpus(corpus_of(experiment.dataset))
        return Part(
            experiment=experiment.experiment,
            variant=experiment.variant,
            model=experiment.model,
            training=experiment.training,
            classes={task: corpus.labels[task] for task in experiment.tasks},
            runs=tuple(self.runs(experiment)[start : start + experiment.runs_per_part]),
        )

    def scale_description(self, *papers: str) -> str:
        """What the scale is, and what the configuration changed about it for some papers."""
        description = self.project.scale.description
        changes = self.project.config.overrides.changes(papers)
        return f"{description}; changed: {', '.join(changes)}" if changes else description

    def scale_note(self, *papers: str) -> str:
        """What a caption says of the scale."""
        return f"Scale {self.project.scale.scale}: {self.scale_description(*papers)}"

    def comparability(self, paper: str, experiments: Iterable[str]) -> Comparability:
        """Whether the audio behind some experiments allows a verdict against the paper."""
        datasets = {
            experiment.dataset
            for (its_paper, name, _), experiment in self.experiments.items()
            if its_paper == paper and name in set(experiments)
        }
        sources = [self.source(corpus_of(dataset)) for dataset in datasets]
        if any(source.kind == "simulated" for source in sources):
            return "simulated"
        return "partial" if any(source.partial for source in sources) else "comparable"

    def published_text(self, paper: str, table: str) -> str:
        """The printed numbers of one table: an edit of one reruns that table alone."""
        path = self.workflow / "papers" / paper / "published.csv"
        with path.open(encoding="utf-8", newline="") as file:
            return canonical_json([row for row in csv.reader(file) if row[1:2] == [table]])

    def setting_experiments(self, paper: str) -> list[str]:
        """Experiments that a paper's settings are read from."""
        return sorted({row.setting.experiment for row in self.papers[paper].text if row.setting})

    def parameters(self, paper: str) -> dict[str, dict[str, float]]:
        """Figure -> experiment -> the number it is drawn at, where the text says which is best."""
        spec = self.papers[paper]
        values: dict[str, dict[str, float]] = {}
        for figure in sorted({row.best.figure for row in spec.text if row.best}):
            compared = spec.figures[figure]
            assert compared.kind == "metric_by_parameter", "checked when the paper is read"
            values[figure] = {
                name: self.experiment(paper, name, "paper").number_at(compared.parameter)
                for name in compared.experiments
            }
        return values

    def text_experiments(self, paper: str) -> list[str]:
        """Experiments whose scores stand in a paper's text, or decide what does."""
        cells = (row.cell for row in self.papers[paper].text if row.cell)
        compared = self.parameters(paper).values()
        names = {cell.experiment for cell in cells if cell.experiment}
        return sorted(names.union(*compared))

    def figure_titles(self, paper: str, figure: str) -> dict[str, str]:
        """Experiment -> its title, or the number that the figure draws it at."""
        spec = self.papers[paper].figures[figure]
        experiments = {
            name: self.experiment(paper, name, spec.variant) for name in spec.experiments
        }
        if spec.kind == "metric_by_parameter":
            return {name: str(e.number_at(spec.parameter)) for name, e in experiments.items()}
        return {name: experiment.title for name, experiment in experiments.items()}

    def page_text(self) -> str:
        """What the results page says besides tables, figures and checks."""
        shown = {"title", "citation", "tables", "figures"}
        template = (self.workflow / "retable" / "page" / "index.html.j2").read_bytes()
        return canonical_json(
            {
                "template": hashlib.sha256(template).hexdigest(),
                "scale": self.scale_note(*self.papers),
                "papers": [
                    paper.model_dump(mode="json", include=shown) for paper in self.papers.values()
                ],
                "corpora": [
                    [
                        self.corpus(name).model_dump(
                            mode="json", include={"title", "licence", "citation", "homepage"}
                        ),
                        self.source(name).kind,
                        self.source(name).location,
                        self.source(name).partial,
                    ]
                    for name in self.corpora
                ],
            }
        )

    def corpus_modules(self) -> list[str]:
        """Modules of the corpora in use."""
        return [CORPORA[corpus] for corpus in self.corpora]

    def code(self, script: str, *modules: str) -> str:
        """Digest of the code behind the adapter `workflow/scripts/<script>`."""
        path = self.workflow / "scripts" / script
        return code_digest(path, self.workflow / "retable", modules)

    def corpus_code(self, script: str, corpus: str) -> str:
        """The same with the module of a corpus."""
        return self.code(script, CORPORA[corpus])

    def twin_code(self, script: str, corpus: str) -> str:
        """The same with the module of a corpus' simulated twin."""
        return self.code(script, _module(TWINS[corpus]))

    def feature_code(self, script: str, feature: str) -> str:
        """The same with the module of a feature."""
        return self.code(script, _module(FEATURES[self.feature(feature).kind]))

    def figure_code(self, script: str, paper: str, figure: str) -> str:
        """The same with the module of a figure."""
        return self.code(script, _module(FIGURES[self.papers[paper].figures[figure].kind]))

    def model_code(self, script: str, experiment: Experiment) -> str:
        """The same with the module of a network or baseline."""
        return self.code(script, _module((MODELS | BASELINES)[experiment.model.kind]))


def run_seed(experiment: Experiment, repeat: int, fold: int) -> int:
    """First 8 bytes of SHA-256 over what names a run, as a non-negative 63-bit integer."""
    name = f"{experiment.paper}/{experiment.experiment}/{experiment.variant}/{repeat}/{fold}"
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") >> 1


def _module(entry: str) -> str:
    return entry.partition(":")[0]
