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

from retable.configuration.project import read_project
from retable.configuration.references import warm_start_source
from retable.plan.corpora import CorporaPlan
from retable.registry import BASELINES, FEATURES, FIGURES, MODELS
from retable.spec.base import canonical_json
from retable.spec.corpus import corpus_of
from retable.spec.feature import Feature
from retable.spec.paper import Comparability, Experiment, Fusion, Input, Paper
from retable.spec.part import Part, Run
from retable.spec.split import Split
from retable.spec.variant import VariantName


@dataclass(frozen=True)
class Plan(CorporaPlan):
    """The jobs that a project needs."""

    @classmethod
    def of(cls, raw_config: Mapping[str, Any], workflow: Path) -> "Plan":
        """The plan of a configuration; raises ConfigError as `read_project` does."""
        return cls(read_project(raw_config, workflow), workflow)

    @property
    def papers(self) -> Mapping[str, Paper]:
        """The selected papers by name."""
        return self.project.papers

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

    @cached_property
    def fusions(self) -> dict[tuple[str, str, str], Fusion]:
        """(paper, fusion, variant) -> spec, for the selected papers and variants."""
        return {
            (paper.paper, name, variant): fusion
            for paper in self.papers.values()
            for name, variants in paper.fusions.items()
            for variant, fusion in variants.items()
            if variant in self.project.config.variants
        }

    @cached_property
    def scored(self) -> dict[tuple[str, str], dict[VariantName, Experiment | Fusion]]:
        """(paper, experiment or fusion) -> variant -> spec: what has scores."""
        scored: dict[tuple[str, str], dict[VariantName, Experiment | Fusion]] = {}
        for (paper, name, _), experiment in self.experiments.items():
            scored.setdefault((paper, name), {})[experiment.variant] = experiment
        for (paper, name, _), fusion in self.fusions.items():
            scored.setdefault((paper, name), {})[fusion.variant] = fusion
        return scored

    def poolings(self, paper: str, name: str) -> dict[str, str]:
        """Variant -> how an experiment or fusion decides for a clip."""
        return {variant: spec.pooling for variant, spec in self.scored[paper, name].items()}

    def network_names(self) -> list[str]:
        """Names of the experiments that train a network."""
        return sorted({e.experiment for e in self.experiments.values() if e.training})

    def baseline_names(self) -> list[str]:
        """Names of the experiments that fit a baseline."""
        return sorted({e.experiment for e in self.experiments.values() if not e.training})

    @cached_property
    def inputs(self) -> list[tuple[str, Input]]:
        """Paper and input of every experiment and variant."""
        return [(e.paper, one) for e in self.experiments.values() for one in e.inputs]

    def datasets(self) -> list[str]:
        """Names of the datasets in use."""
        return sorted({one.dataset for _, one in self.inputs})

    def features(self) -> list[tuple[str, str]]:
        """(feature, dataset) pairs in use."""
        return sorted({(one.feature_name, one.dataset) for _, one in self.inputs})

    def feature(self, name: str) -> Feature:
        """A feature's spec, by name."""
        return next(one.feature for _, one in self.inputs if one.feature_name == name)

    def split(self, paper: str, name: str) -> Split:
        """A split's spec, by paper and name."""
        return next(one.split for its, one in self.inputs if (its, one.split_name) == (paper, name))

    def runs(self, experiment: Experiment) -> list[Run]:
        """All runs of an experiment: its folds in every repeat, each with its own seed."""
        return [
            Run(
                repeat=repeat,
                fold=fold,
                seed=run_seed(experiment, repeat, fold),
                # Splits of two inputs are drawn the same number of times, or not at all.
                draw=repeat % max(one.split.repeats for one in experiment.inputs),
            )
            for repeat in range(experiment.repeats)
            for fold in experiment.run_folds
        ]

    def parts(self, experiment: Experiment) -> list[str]:
        """Names of the jobs that an experiment is trained in."""
        count = -(-len(self.runs(experiment)) // experiment.runs_per_part)
        return [str(part) for part in range(count)]

    def part(self, experiment: Experiment, part: str) -> Part:
        """One training job."""
        start = int(part) * experiment.runs_per_part
        return Part(
            experiment=experiment.experiment,
            variant=experiment.variant,
            model=experiment.model,
            training=experiment.training,
            tasks=tuple(one.tasks for one in experiment.inputs),
            classes={
                task: self.corpus(corpus_of(one.dataset)).labels[task]
                for one in experiment.inputs
                for task in one.tasks
            },
            warm_start=experiment.warm_start,
            predict_train=experiment.predict_train,
            runs=tuple(self.runs(experiment)[start : start + experiment.runs_per_part]),
        )

    def stages_after(self, paper: str, experiment: str) -> int:
        """Length of the longest chain of experiments and fusions that wait for an experiment."""
        followers = {
            name
            for (its_paper, name, _), spec in self.experiments.items()
            if its_paper == paper and spec.warm_start and spec.warm_start.experiment == experiment
        }
        fused = any(
            its_paper == paper and experiment in fusion.members
            for (its_paper, _, _), fusion in self.fusions.items()
        )
        return max([int(fused), *(1 + self.stages_after(paper, name) for name in followers)])

    def first_share(self, experiment: Experiment) -> float:
        """Share of the first input's sample in what an experiment with two inputs trains on."""
        assert experiment.training and experiment.training.mixup, "checked when the paper is read"
        return experiment.training.mixup.weight

    def warm_start_parts(self, experiment: Experiment, part: str) -> tuple[Experiment, list[str]]:
        """The experiment that a part starts from, and those of its parts that hold the runs."""
        variants = self.papers[experiment.paper].experiments
        source = warm_start_source(experiment, variants)
        assert source is not None, "asked for warm starts only"
        needed = {(run.repeat, run.fold) for run in self.part(experiment, part).runs}
        places = [
            place for place, run in enumerate(self.runs(source)) if (run.repeat, run.fold) in needed
        ]
        return source, [str(part) for part in sorted({p // source.runs_per_part for p in places})]

    def scale_description(self, *papers: str) -> str:
        """What the scale is, and what the configuration changed about it for some papers."""
        description = self.project.scale.description
        changes = self.project.config.overrides.changes(papers)
        return f"{description}; changed: {', '.join(changes)}" if changes else description

    def scale_note(self, *papers: str) -> str:
        """What a caption says of the scale."""
        return f"Scale {self.project.scale.scale}: {self.scale_description(*papers)}"

    def experiments_behind(self, paper: str, name: str) -> list[Experiment]:
        """All variants of an experiment, of a fusion's members, and of what these start from."""
        waiting = [name]
        for spec in self.scored[paper, name].values():
            waiting += spec.members if isinstance(spec, Fusion) else ()
        behind: dict[str, list[Experiment]] = {}
        while waiting:
            current = waiting.pop()
            if current not in behind:
                behind[current] = [
                    spec
                    for (its_paper, its_name, _), spec in self.experiments.items()
                    if (its_paper, its_name) == (paper, current)
                ]
                starts = [spec.warm_start for spec in behind[current] if spec.warm_start]
                waiting += [start.experiment for start in starts]
        return [spec for variants in behind.values() for spec in variants]

    def comparability(self, paper: str, names: Iterable[str]) -> Comparability:
        """Whether the audio behind some experiments and fusions allows a verdict."""
        behind = [e for name in names for e in self.experiments_behind(paper, name)]
        datasets = {dataset for experiment in behind for dataset in experiment.datasets}
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

    def cited_text(self, paper: str) -> str:
        """The printed numbers outside the text that its gains are held against."""
        cited = [row.gain.over_cited for row in self.papers[paper].text if row.gain]
        tables = sorted({number.table for number in cited if number})
        return canonical_json([self.published_text(paper, table) for table in tables])

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
        cells = (cell for row in self.papers[paper].text for cell in row.result_cells)
        compared = self.parameters(paper).values()
        names = {cell.experiment for cell in cells if cell.experiment}
        return sorted(names.union(*compared))

    def figure_titles(self, paper: str, figure: str) -> dict[str, str]:
        """Experiment -> its title, or the number that the figure draws it at."""
        spec = self.papers[paper].figures[figure]
        drawn = {name: self.scored[paper, name][spec.variant] for name in spec.experiments}
        if spec.kind == "metric_by_parameter":
            return {name: str(e.number_at(spec.parameter)) for name, e in drawn.items()}
        return {name: one.title for name, one in drawn.items()}

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
