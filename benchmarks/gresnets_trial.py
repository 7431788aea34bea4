"""Runs the trial of gresnets-trial.yaml and prints what each choice changes, as Markdown.

Effects are differences in accuracy on the held-out fold to the experiments "as configured" (all
seeds together), in points, with the 95 % interval of a bootstrap over speakers; * where it excludes
zero. It does not know that one training differs from the next: the rows "as configured" show how.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from configured_plan import ROOT, configured_plan, results_folder
from speaker_confusions import percent, speaker_confusions

from retable.evaluation.intervals import difference_interval, metric_interval
from retable.spec.paper import Experiment

CONFIG = ROOT / "benchmarks" / "gresnets-trial.yaml"
PAPER = "gresnets"
BASELINE = "as configured"
TASKS = ("emotion", "speech_song")
LAST_EPOCHS = 10


def run_trainings(targets: list[str], ravdess: Path, cores: int) -> None:
    """Train and score, with Snakemake; raises CalledProcessError where it fails."""
    corpora = f"corpora={{ravdess: {{source: {ravdess.resolve()}, partial: true}}}}"
    snakemake = [sys.executable, "-m", "snakemake", *targets, "--cores", str(cores)]
    options = ["--configfile", str(CONFIG), "--config", corpora]
    subprocess.run([*snakemake, *options], cwd=ROOT, check=True)


def trial_rows(results: Path, experiments: list[Experiment]) -> pd.DataFrame:
    """One row a title: accuracy and effect on each task, and what a training took."""
    counts = {
        (experiment.experiment, task): speaker_confusions(results, experiment, task)
        for experiment in experiments
        for task in TASKS
    }

    def counts_of(title: str, task: str) -> np.ndarray:
        chosen = [counts[e.experiment, task] for e in experiments if e.title.startswith(title)]
        return np.sum(chosen, axis=0)

    rows = []
    for title in dict.fromkeys(experiment.title for experiment in experiments):
        names = [e.experiment for e in experiments if e.title == title]
        choice, _, value = title.partition(": ")
        row = {"choice": choice, "value": value, "runs": str(len(names))}
        for task in TASKS:
            own, baseline = counts_of(title, task), counts_of(BASELINE, task)
            row[f"{task} (%)"] = percent(metric_interval(own, "accuracy"))
            effect = difference_interval(own, baseline, "accuracy")
            mark = " *" if effect.excludes_zero and choice != BASELINE else ""
            row[f"{task} effect"] = percent(effect, signed=True) + mark
        parts = [results / "runs" / PAPER / name / "paper" / "part0" for name in names]
        rows.append(row | emotion_by_epoch(parts) | training_seconds(parts))
    return pd.DataFrame(rows)


def emotion_by_epoch(parts: list[Path]) -> dict[str, str]:
    """Held-out emotion accuracy over the last epochs (mean and range), and in the best of all.

    The first shows how much it wanders; the second what choosing the epoch on the fold would print.
    """
    late, best = [], []
    for part in parts:
        table = pd.read_csv(part / "history.tsv", sep="\t")
        emotion = (table["task"] == "emotion") & (table["metric"] == "accuracy")
        test = 100 * table[emotion & (table["role"] == "test")].set_index("epoch")["value"]
        late += list(test.sort_index().tail(LAST_EPOCHS))
        best.append(test.max())
    return {
        f"emotion, last {LAST_EPOCHS} epochs": (
            f"{np.mean(late):.1f} ({min(late):.1f} to {max(late):.1f})"
        ),
        "emotion, best epoch": f"{np.mean(best):.1f}",
    }


def training_seconds(parts: list[Path]) -> dict[str, str]:
    """Mean seconds of a training."""
    texts = [(part / "run.json").read_text(encoding="utf-8") for part in parts]
    seconds = [run["seconds"] for text in texts for run in json.loads(text)]
    return {"seconds a run": f"{np.mean(seconds):.0f}"}


def main() -> None:
    """Runs the trainings that are missing and prints the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--ravdess", type=Path, required=True, help="folder with the real clips")
    parser.add_argument("--cores", type=int, default=2)
    arguments = parser.parse_args()
    plan = configured_plan(CONFIG)
    experiments = [e for e in plan.experiments.values() if e.experiment.startswith("TRIAL-")]
    results = results_folder(plan)
    targets = [f"{results}/scores/{PAPER}/{e.experiment}.tsv" for e in experiments]
    run_trainings(targets, arguments.ravdess, arguments.cores)
    print(trial_rows(ROOT / results, experiments).to_markdown(index=False, disable_numparse=True))


if __name__ == "__main__":
    main()
