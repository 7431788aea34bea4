"""Prints published scores beside those of folds 1 to 4, with intervals, and of fold 0, as Markdown.

The trial chose its settings on fold 0, so that this fold no longer tells what they are worth.
Scores are pooled over the folds; intervals are 95 %, by bootstrap over speakers.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import yaml
from speaker_confusions import percent, speaker_confusions

from retable.evaluation.intervals import metric_interval
from retable.plan import Plan
from retable.spec.paper import Cell
from retable.tables.matching import match_cells
from retable.tables.published import published_rows, read_published

ROOT = Path(__file__).parents[1]
PAPER = "gresnets"
TABLES = ("1", "2")


def published_cells(plan: Plan) -> Iterator[tuple[str, Cell]]:
    """Published values and their cells, a number that two tables share once."""
    published = read_published(ROOT / "workflow" / "papers" / PAPER / "published.csv")
    seen = set()
    for name in TABLES:
        rows = published_rows(published, name)
        cells = match_cells(plan.papers[PAPER].tables[name], rows, f"table {name}")
        values = rows.set_index(["row", "column", "metric"])["value"]
        for key, cell in cells.items():
            place = (cell.experiment, cell.task, cell.metric)
            if cell.experiment and key in values.index and place not in seen:
                seen.add(place)
                yield values[key], cell


def score_rows(plan: Plan, results: Path) -> pd.DataFrame:
    """One row an experiment that was run, its columns the tasks' metrics."""
    rows: dict[str, dict[str, str]] = {}
    for value, cell in published_cells(plan):
        experiment = plan.experiment(PAPER, str(cell.experiment), "paper")
        folder = results / "runs" / PAPER / experiment.experiment
        if not folder.exists():
            continue
        row = rows.setdefault(experiment.experiment, {"model": experiment.title})
        task, metric = str(cell.task), str(cell.metric)
        later = speaker_confusions(results, experiment, task, folds=range(1, 5))
        first = metric_interval(speaker_confusions(results, experiment, task, folds=[0]), metric)
        name = f"{task} {metric}"
        row[f"{name}, published"] = value
        row[f"{name}, folds 1 to 4"] = percent(metric_interval(later, metric))
        row[f"{name}, fold 0"] = f"{100 * first.estimate:.1f}"
    return pd.DataFrame(rows.values()).fillna("")


def main() -> None:
    """Prints the table for a configuration that was built."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("configuration", type=Path, help="benchmarks/ravdess-slice.yaml")
    arguments = parser.parse_args()
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    config |= yaml.safe_load(arguments.configuration.read_text(encoding="utf-8"))
    # The splits are read from what was built: where the clips came from does not matter here.
    config["corpora"] = {"ravdess": {"source": "simulated"}}
    plan = Plan.of(config, ROOT / "workflow")
    results = ROOT / plan.project.config.results / plan.project.scale.scale
    print(score_rows(plan, results).to_markdown(index=False, disable_numparse=True))


if __name__ == "__main__":
    main()
