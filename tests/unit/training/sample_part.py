"""A small part: two runs of a gated residual network on 24 clips of noise and faint patterns.

Run as a script, it is a training job of its own, to be killed:
`sample_part.py INPUTS FOLDER COMPUTE [SAVES]` kills itself once it has saved that many checkpoints.
"""

import itertools
import json
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from retable.logs import job_log
from retable.spec.compute import Compute
from retable.spec.part import Part
from retable.spec.split import KFold
from retable.training.batches import Batch
from retable.training.checkpoint import Checkpoint, Preempted
from retable.training.inputs import InputFiles
from retable.training.loop import RunTrainer
from retable.training.part import PartOutputs, train_part

CLASSES = {"emotion": ("angry", "calm", "sad"), "speech_song": ("speech", "song")}
CLIPS = 24
SHAPE = (12, 10)
EPOCHS = 6
STEPS_PER_EPOCH = 3
"""12 training clips in batches of 5, 5 and 2."""
CPU = Compute(device="cpu", checkpoint_minutes=60)


def sample_part(runs: int = 2, **training: Any) -> Part:
    """Runs on the folds of `write_inputs`; keywords change the training."""
    return Part.model_validate(
        {
            "experiment": "NET",
            "variant": "paper",
            "model": {
                "kind": "gresnet",
                "block": "gated",
                "f1": "tanh",
                "f2": "tanh",
                "kernel1": 1,
                "kernel2": 3,
                "filters": [4, 8],
                "depth": 2,
                "stem": {"filters": 4, "kernel": 3, "stride": 1, "pool": 3},
                "pooling": "average",
                "hidden": 8,
                "dropout": 0.3,
            },
            "training": {
                "epochs": EPOCHS,
                "batch_size": 5,
                "optimizer": "adam",
                "learning_rate": 0.01,
                **training,
            },
            "tasks": [[*CLASSES]],
            "classes": CLASSES,
            "runs": [{"repeat": 0, "fold": fold, "seed": 7 + fold} for fold in range(runs)],
        }
    )


def write_inputs(folder: Path, pattern: float = 1.0) -> InputFiles:
    """A dataset, two feature shards and a split in two folds.

    Args:
        folder: where the files go.
        pattern: strength of what tells the classes apart, in standard deviations of the noise.
    """
    # scikit-learn, which draws the folds, is slow to import: jobs that only train do without.
    from retable.splits.files import write_split

    generator = np.random.default_rng(0)
    clip_ids = [f"clip{clip:02d}" for clip in range(CLIPS)]
    targets = {task: np.arange(CLIPS) % len(names) for task, names in CLASSES.items()}
    features = generator.standard_normal((CLIPS, *SHAPE))
    for task, names in CLASSES.items():
        patterns = generator.standard_normal((len(names), *SHAPE))
        features += pattern * patterns[targets[task]]
    table = pd.DataFrame({"clip_id": clip_ids, "speaker": "", "group": ""})
    for task, names in CLASSES.items():
        table[task] = [names[target] for target in targets[task]]
    folder.mkdir(parents=True, exist_ok=True)
    table.to_csv(folder / "dataset.tsv", sep="\t", index=False)
    inputs = inputs_in(folder)
    for shard, clips in zip(inputs.feature_shards, (slice(0, 10), slice(10, CLIPS)), strict=True):
        write_shard(shard, clip_ids[clips], features[clips].astype(np.float16))
    split = KFold(kind="kfold", folds=2, seed=1)
    files = [inputs.split, folder / "audit.tsv", folder / "split.json"]
    write_split(inputs.datasets, folder / "rejected.tsv", split, *files)
    return inputs


def inputs_in(folder: Path) -> InputFiles:
    """Paths of what `write_inputs` writes."""
    shards = [folder / "shard000.npy", folder / "shard001.npy"]
    return InputFiles([folder / "dataset.tsv"], shards, folder / "roles.tsv", None, ["simulated"])


def write_shard(
    path: Path,
    clip_ids: list[str],
    features: np.ndarray,
    lengths: np.ndarray | None = None,
    **facts: Any,
) -> None:
    """One shard of a feature store; keywords but the clips' lengths are facts of the feature."""
    np.save(path, features)
    index = {
        "clip_ids": clip_ids,
        "shape": features.shape[1:],
        "dtype": str(features.dtype),
        "feature": facts,
    }
    if lengths is not None:
        index["lengths"] = lengths.tolist()
    path.with_suffix(".json").write_text(json.dumps(index), encoding="utf-8")


def outputs_in(folder: Path) -> PartOutputs:
    """Paths of a part's files, as the rule names them."""
    return PartOutputs(
        predictions=folder / "predictions.parquet",
        runs=folder / "run.json",
        history=folder / "history.tsv",
        model=folder / "model.json",
        weights=folder / "models",
    )


def train(
    folder: Path,
    part: Part,
    *inputs: InputFiles,
    warm_starts: Sequence[Path] = (),
    code: str = "code",
    compute: Compute = CPU,
    weights: Path | None = None,
) -> PartOutputs:
    """Trains a part into `folder`, with `folder.work` for its checkpoints."""
    folder.mkdir(parents=True, exist_ok=True)
    outputs = outputs_in(folder)
    work = work_folder(folder)
    train_part(part, inputs, warm_starts, outputs, work, code, compute, weights)
    return outputs


def work_folder(folder: Path) -> Path:
    return folder.with_suffix(".work")


def result_bytes(outputs: PartOutputs) -> dict[str, bytes]:
    """What must not differ between two trainings: all but `run.json`, which holds durations."""
    files = [outputs.predictions, outputs.history, outputs.model, *outputs.weights.iterdir()]
    return {file.name: file.read_bytes() for file in files}


@contextmanager
def stopped_in_step(step: int) -> Iterator[None]:
    """Sends this process SIGTERM in step `step` of all steps within, where training then stops."""
    train_on, steps = RunTrainer._train_on, itertools.count(1)

    def counted(self: RunTrainer, batch: Batch) -> None:
        if next(steps) == step:
            os.kill(os.getpid(), signal.SIGTERM)
        train_on(self, batch)

    RunTrainer._train_on = counted  # type: ignore[method-assign]
    try:
        yield
    except Preempted:
        assert next(steps) == step + 1, "it stopped in another step"
    else:
        raise AssertionError(f"it was not stopped in step {step}")
    finally:
        RunTrainer._train_on = train_on  # type: ignore[method-assign]


def kill_after(saves: int) -> None:
    """Lets this process die, as by `kill -9`, once it has saved that many checkpoints."""
    save, saved = Checkpoint.save, itertools.count(1)

    def counted(self: Checkpoint, state: dict[str, Any]) -> None:
        save(self, state)
        if next(saved) == saves:
            os.kill(os.getpid(), signal.SIGKILL)

    Checkpoint.save = counted  # type: ignore[method-assign]


if __name__ == "__main__":
    source, target, settings, *saves = sys.argv[1:]
    if saves:
        kill_after(int(saves[0]))
    with job_log(f"{target}.log"):
        train(
            Path(target),
            sample_part(),
            inputs_in(Path(source)),
            compute=Compute.model_validate_json(settings),
        )
