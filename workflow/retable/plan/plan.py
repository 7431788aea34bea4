"""What there is to build, and what each job depends on.

Rules own the paths; the plan owns names, numbers and the texts that make a job rerun. It imports
neither torch nor pandas, because Snakemake asks it before every job.
"""

import csv
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retable.configuration.project import read_project
from retable.plan.experiments import ExperimentsPlan
from retable.registry import BASELINES, FEATURES, FIGURES, MODELS, module_of
from retable.spec.base import canonical_json
from retable.spec.corpus import corpus_of
from retable.spec.figure import Figure
from retable.spec.paper import Comparability, Experiment
from retable.spec.table import Reading


@dataclass(frozen=True)
class Plan(ExperimentsPlan):
    """The jobs that a project needs."""

    @classmethod
    def of(cls, raw_config: Mapping[str, Any], workflow: Path) -> "Plan":
        """The plan of a configuration; raises ConfigError as `read_project` does."""
        return cls(read_project(raw_config, workflow), workflow)

    def figures(self, paper: str) -> dict[str, Figure]:
        """Figures of a paper, without those that show missing data."""
        missing = self.missing[paper]
        return {
            name: figure
            for name, figure in self.papers[paper].figures.items()
            if not missing.keys() & set(figure.experiments)
        }

    def experiment(self, paper: str, experiment: str, variant: str) -> Experiment:
        """One experiment's spec."""
        return self.experiments[paper, experiment, variant]

    def scale_description(self, *papers: str) -> str:
        """What the scale is, and what the configuration changed about it for some papers."""
        description = self.project.scale.description
        changes = self.project.config.overrides.changes(papers)
        return f"{description}; changed: {', '.join(changes)}" if changes else description

    def scale_note(self, *papers: str) -> str:
        """What a caption says of the scale."""
        return f"Scale {self.project.scale.scale}: {self.scale_description(*papers)}"

    def weights_note(self, paper: str, names: Iterable[str]) -> str:
        """Which networks behind some experiments and fusions lack the published weights that they
        should start from; empty where none does.
        """
        titles = {name: spec.title for name, spec in self.project.published_weights.items()}
        return " ".join(
            f"From scratch, without {titles[name]}: {', '.join(architectures)}."
            for name, architectures in self.from_scratch(self._behind(paper, names)).items()
        )

    def table_note(self, paper: str, table: str) -> str:
        """What a numbered table's caption says of the scale, and of its results if it has any."""
        spec = self.papers[paper].tables[table]
        results = "" if spec.reading else self._results_note(paper, spec.experiments)
        return ". ".join(filter(None, [self.scale_note(paper), results]))

    def text_note(self, paper: str) -> str:
        """What is said beneath the results in a paper's text; often nothing."""
        return self._results_note(paper, self.text_experiments(paper))

    def _results_note(self, paper: str, names: Iterable[str]) -> str:
        notes = [self.papers[paper].analogue, self.weights_note(paper, names)]
        return " ".join(filter(None, notes))

    def comparability(self, paper: str, names: Iterable[str]) -> Comparability:
        """Whether a verdict on some experiments and fusions is possible; if not, why.

        Those whose data are missing show none.
        """
        behind = self._behind(paper, names)
        datasets = {dataset for experiment in behind for dataset in experiment.datasets}
        sources = [self.source(corpus_of(dataset)) for dataset in datasets]
        is_analogue = bool(self.papers[paper].analogue)
        if any(source.kind == "simulated" for source in sources):
            return "simulated analogue" if is_analogue else "simulated"
        if any(source.partial for source in sources):
            return "partial analogue" if is_analogue else "partial"
        return "analogue" if is_analogue else "comparable"

    def text_comparability(self, paper: str) -> Comparability:
        """The same for the results in a paper's text, and the clips that it gives means of."""
        means = [one.experiment for one in self.text_readings(paper) if one.reduce == "mean"]
        return self.comparability(paper, [*self.text_experiments(paper), *means])

    def _behind(self, paper: str, names: Iterable[str]) -> list[Experiment]:
        """The experiments behind others and fusions, as far as there are data."""
        built = [name for name in names if (paper, name) in self.scored]
        return [e for name in built for e in self.experiments_behind(paper, name)]

    def published_text(self, paper: str, table: str) -> str:
        """The printed numbers of one table: an edit of one reruns that table alone."""
        path = self.workflow / "papers" / paper / "published.csv"
        with path.open(encoding="utf-8", newline="") as file:
            return canonical_json([row for row in csv.reader(file) if row[1:2] == [table]])

    def text_readings(self, paper: str) -> list[Reading]:
        """What the settings in a paper's text are read from, as far as there are data."""
        readings = [row.setting for row in self.papers[paper].text if row.setting]
        return [one for one in readings if one.experiment not in self.missing[paper]]

    def table_readings(self, paper: str, table: str) -> list[Reading]:
        """The same for a table of settings or counts."""
        reading = self.papers[paper].tables[table].reading
        return [reading] if reading and reading.experiment not in self.missing[paper] else []

    def table_experiments(self, paper: str, table: str) -> list[str]:
        """Experiments and fusions whose scores stand in a table, as far as there are data."""
        names = self.papers[paper].tables[table].experiments
        return [name for name in names if name not in self.missing[paper]]

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
                name: spec.experiments[name]["paper"].number_at(compared.parameter)
                for name in compared.experiments
            }
        return values

    def text_experiments(self, paper: str) -> list[str]:
        """Experiments whose scores stand in a paper's text, or decide what does.

        As far as there are data.
        """
        cells = (cell for row in self.papers[paper].text for cell in row.result_cells)
        compared = self.parameters(paper).values()
        names = {cell.experiment for cell in cells if cell.experiment}
        return sorted(names.union(*compared) - self.missing[paper].keys())

    def figure_titles(self, paper: str, figure: str) -> dict[str, str]:
        """Experiment -> its title, or the number that the figure draws it at."""
        spec = self.papers[paper].figures[figure]
        drawn = {name: self.scored[paper, name][spec.variant] for name in spec.experiments}
        if spec.kind == "metric_by_parameter":
            return {name: str(e.number_at(spec.parameter)) for name, e in drawn.items()}
        return {name: one.title for name, one in drawn.items()}

    def page_text(self) -> str:
        """What the results page says besides tables, figures and checks."""
        shown = {"title", "citation", "analogue", "tables", "figures"}
        template = (self.workflow / "retable" / "page" / "index.html.j2").read_bytes()
        return canonical_json(
            {
                "template": hashlib.sha256(template).hexdigest(),
                "scale": self.scale_note(*self.papers),
                "papers": [
                    [paper.model_dump(mode="json", include=shown), self.missing[name]]
                    for name, paper in self.papers.items()
                ],
                "notes": [
                    [
                        self.weights_note(name, paper.scored_names),
                        self.text_note(name),
                        *(self.table_note(name, table) for table in paper.tables),
                    ]
                    for name, paper in self.papers.items()
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
                "weights": [
                    one.model_dump(
                        mode="json", include={"title", "licence", "citation", "homepage"}
                    )
                    for one in self.weights_in_use()
                ],
            }
        )

    def feature_code(self, script: str, feature: str) -> str:
        """The same with the module of a feature."""
        return self.code(script, module_of(FEATURES, self.feature(feature).kind))

    def figure_code(self, script: str, paper: str, figure: str) -> str:
        """The same with the module of a figure."""
        kind = self.papers[paper].figures[figure].kind
        return self.code(script, module_of(FIGURES, kind))

    def model_code(self, script: str, experiment: Experiment) -> str:
        """The same with the module of a network or baseline."""
        registry = MODELS if experiment.training else BASELINES
        return self.code(script, module_of(registry, experiment.model.kind))
