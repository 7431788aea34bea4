"""The part of a plan that is about experiments: their runs, the parts that train them, fusions."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from retable.configuration.references import warm_start_source
from retable.plan.weights import WeightsPlan
from retable.spec.corpus import corpus_of
from retable.spec.feature import Feature
from retable.spec.paper import Derived, Experiment, Fusion, Input, Paper, Scored, Verification
from retable.spec.part import Part, Run
from retable.spec.split import Split
from retable.spec.variant import VariantName

Spec = TypeVar("Spec")


@dataclass(frozen=True)
class ExperimentsPlan(WeightsPlan):
    """The runs of a project's experiments, their parts and fusions."""

    @property
    def papers(self) -> Mapping[str, Paper]:
        """The selected papers by name."""
        return self.project.papers

    @cached_property
    def experiments(self) -> dict[tuple[str, str, str], Experiment]:
        """(paper, experiment, variant) -> spec, of what is selected and has its data."""
        return self._selected(lambda paper: paper.experiments)

    @cached_property
    def fusions(self) -> dict[tuple[str, str, str], Fusion]:
        """(paper, fusion, variant) -> spec, of the same."""
        return self._selected(lambda paper: paper.fusions)

    @cached_property
    def verifications(self) -> dict[tuple[str, str, str], Verification]:
        """(paper, verification, variant) -> spec, of the same."""
        return self._selected(lambda paper: paper.verifications)

    def _selected(
        self, specs_of: Callable[[Paper], Mapping[str, Mapping[str, Spec]]]
    ) -> dict[tuple[str, str, str], Spec]:
        """(paper, name, variant) -> spec, for the selected papers and variants.

        Without those whose data are missing.
        """
        return {
            (paper.paper, name, variant): spec
            for paper in self.papers.values()
            for name, variants in specs_of(paper).items()
            for variant, spec in variants.items()
            if variant in self.project.config.variants and name not in self.missing[paper.paper]
        }

    @cached_property
    def missing(self) -> dict[str, dict[str, str]]:
        """Paper -> experiment, fusion or verification -> how to come by the corpus without which it
        cannot be.
        """
        return {
            name: missing_data(paper, self.project.missing) for name, paper in self.papers.items()
        }

    @property
    def derived(self) -> dict[tuple[str, str, str], Derived]:
        """Fusions and verifications."""
        return {**self.fusions, **self.verifications}

    @cached_property
    def scored(self) -> dict[tuple[str, str], dict[VariantName, Scored]]:
        """(paper, experiment, fusion or verification) -> variant -> spec: what has scores."""
        scored: dict[tuple[str, str], dict[VariantName, Scored]] = {}
        for (paper, name, _), spec in {**self.experiments, **self.derived}.items():
            scored.setdefault((paper, name), {})[spec.variant] = spec
        return scored

    def poolings(self, paper: str, name: str) -> dict[str, str]:
        """Variant -> how an experiment or fusion decides for a clip; a pair is one segment."""
        return {
            variant: "mean" if isinstance(spec, Verification) else spec.pooling
            for variant, spec in self.scored[paper, name].items()
        }

    def network_names(self) -> list[str]:
        """Names of the experiments that train a network."""
        return sorted({e.experiment for e in self.experiments.values() if e.training})

    def embedding_names(self) -> list[str]:
        """Names of those whose trainings keep the embeddings of clips."""
        return sorted({e.experiment for e in self.experiments.values() if e.embed})

    def speaker_input(self, verification: Verification) -> Input:
        """The input, of the experiment behind a verification, whose clips have the speakers."""
        experiment = self.experiments[verification.paper, verification.experiment, "paper"]
        return next(one for one in experiment.inputs if verification.task in one.tasks)

    def baseline_names(self) -> list[str]:
        """Names of the experiments that fit a baseline."""
        return sorted({e.experiment for e in self.experiments.values() if not e.training})

    @cached_property
    def inputs(self) -> list[tuple[str, Input]]:
        """Paper and input of every experiment and variant."""
        return [(e.paper, one) for e in self.experiments.values() for one in e.inputs]

    def datasets(self) -> list[str]:
        """Names of the datasets in use."""
        return sorted({dataset for _, one in self.inputs for dataset in one.datasets})

    def features(self) -> list[tuple[str, str]]:
        """(feature, dataset) pairs in use."""
        return sorted(
            {(one.feature_name, dataset) for _, one in self.inputs for dataset in one.datasets}
        )

    def feature(self, name: str) -> Feature:
        """A feature's spec, by name."""
        return next(one.feature for _, one in self.inputs if one.feature_name == name)

    def split(self, paper: str, name: str) -> Split:
        """A split's spec, by paper and name."""
        return next(one.split for its, one in self.inputs if (its, one.split_name) == (paper, name))

    def split_datasets(self, paper: str, dataset: str, name: str) -> list[str]:
        """The dataset that a split is of, and those of its extra clips."""
        return [dataset, *self.split(paper, name).extra_datasets]

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
                task: self.classes(one.dataset)[task]
                for one in experiment.inputs
                for task in one.tasks
            },
            warm_start=experiment.warm_start,
            predict_train=experiment.predict_train,
            embed=experiment.embed,
            runs=tuple(self.runs(experiment)[start : start + experiment.runs_per_part]),
        )

    def stages_after(self, paper: str, experiment: str) -> int:
        """Length of the longest chain of experiments, fusions and verifications that wait for an
        experiment.
        """
        followers = {
            name
            for (its_paper, name, _), spec in self.experiments.items()
            if its_paper == paper and spec.warm_start and spec.warm_start.experiment == experiment
        }
        awaited = any(
            its_paper == paper and experiment in derived.members
            for (its_paper, _, _), derived in self.derived.items()
        )
        return max([int(awaited), *(1 + self.stages_after(paper, name) for name in followers)])

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

    def experiments_behind(self, paper: str, name: str) -> list[Experiment]:
        """All variants of an experiment, of the members of a fusion or verification, and of what
        these start from.
        """
        waiting = [name]
        for spec in self.scored[paper, name].values():
            waiting += spec.members if isinstance(spec, Derived) else ()
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


def run_seed(experiment: Experiment, repeat: int, fold: int) -> int:
    """First 8 bytes of SHA-256 over what names a run, as a non-negative 63-bit integer."""
    name = f"{experiment.paper}/{experiment.experiment}/{experiment.variant}/{repeat}/{fold}"
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") >> 1


def missing_data(paper: Paper, corpora: Mapping[str, str]) -> dict[str, str]:
    """Experiment, fusion or verification of a paper -> how to come by the corpus without which it
    cannot be.

    Whoever starts from such an experiment, fuses it or verifies with it lacks the same.

    Args:
        paper: with all its experiments.
        corpora: corpus that is missing -> how to come by it.
    """
    needs = {name: _needs(variants.values()) for name, variants in paper.experiments.items()}
    derived: Mapping[str, Mapping[str, Derived]] = {**paper.fusions, **paper.verifications}
    for name, variants_of in derived.items():
        needs[name] = {member for one in variants_of.values() for member in one.members}
    known, found = dict(corpora), len(corpora) - 1
    while found < len(known):
        found = len(known)
        for name, needed in needs.items():
            if lacking := sorted(needed & known.keys()):
                known[name] = known[lacking[0]]
    return {name: steps for name, steps in known.items() if name in needs}


def _needs(variants: Iterable[Experiment]) -> set[str]:
    """Corpora of an experiment, and the experiments that it starts from."""
    needs: set[str] = set()
    for experiment in variants:
        needs |= {corpus_of(dataset) for dataset in experiment.datasets}
        needs |= {experiment.warm_start.experiment} if experiment.warm_start else set()
    return needs
