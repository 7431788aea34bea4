"""Prints published scores beside those of folds 1 to 4, with intervals, and of fold 0, as Markdown.

The trial looked at fold 0, so that this fold no longer tells what a setting is worth. Scores are
pooled over the folds, intervals are 95 %, by bootstrap over speakers; the difference to GR-G-M is
paired, each resample taking the same speakers for both.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from configured_plan import ROOT, configured_plan, results_folder
from speaker_confusions import percent, speaker_confusions

from retable.evaluation.intervals import difference_interval, metric_interval
from retable.plan.plan import Plan
from retable.spec.paper import Experiment
from retable.tables.matching import match_cells
from retable.tables.published import published_rows, read_published

PAPER = "gresnets"
TABLES = ("1", "2")
REFERENCE = "GR-G-M"
METRICS = {"accuracy": "Acc", "uar": "UAR"}
LATER_FOLDS = range(1, 5)


def published_values(plan: Plan) -> dict[tuple[str, str, str], str]:
    """(experiment, task, metric) -> the printed value."""
    published = read_published(ROOT / "workflow" / "papers" / PAPER / "published.csv")
    values = {}
    for name in TABLES:
        rows = published_rows(published, name)
        printed = rows.set_index(["row", "column", "metric"])["value"].to_dict()
        for key, cell in match_cells(plan.papers[PAPER].tables[name], rows, name).items():
            if cell.experiment and key in printed:
                place = (cell.experiment, str(cell.task), str(cell.metric))
                values[place] = printed[key]
    return values


def built_experiments(plan: Plan, results: Path) -> list[Experiment]:
    """Experiments with predictions of all folds."""
    return [
        experiment
        for experiment in plan.experiments.values()
        if (results / "scores" / PAPER / f"{experiment.experiment}.tsv").exists()
    ]


def score_rows(plan: Plan, results: Path) -> Iterator[dict[str, str]]:
    """One row an experiment, task and metric."""
    published = published_values(plan)
    reference = plan.experiment(PAPER, REFERENCE, "paper")
    for experiment in built_experiments(plan, results):
        for task in experiment.tasks:
            later = speaker_confusions(results, experiment, task, LATER_FOLDS)
            of_reference = speaker_confusions(results, reference, task, LATER_FOLDS)
            first = speaker_confusions(results, experiment, task, [0])
            for metric, title in METRICS.items():
                difference = difference_interval(later, of_reference, metric)
                yield {
                    "model": experiment.title,
                    "task": task,
                    "metric": f"{title} (%)",
                    "published": published.get((experiment.experiment, task, metric), ""),
                    "folds 1 to 4": percent(metric_interval(later, metric)),
                    f"less {REFERENCE}": (
                        "" if experiment == reference else percent(difference, signed=True)
                    ),
                    "fold 0": f"{100 * metric_interval(first, metric).estimate:.1f}",
                }


def main() -> None:
    """Prints the table for a configuration that was built."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("configuration", type=Path, help="benchmarks/ravdess-slice.yaml")
    plan = configured_plan(parser.parse_args().configuration)
    table = pd.DataFrame(score_rows(plan, ROOT / results_folder(plan)))
    print(table.to_markdown(index=False, disable_numparse=True))


if __name__ == "__main__":
    main()
