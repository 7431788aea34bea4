"""Runs that verifications look at: clips of speakers, what is predicted of them, embeddings."""

from pathlib import Path

import numpy as np
import pandas as pd

from retable.evaluation.embeddings import write_embeddings
from retable.evaluation.predictions import Predictions, write_predictions
from retable.evaluation.verification import write_verification
from retable.spec.paper import Verification

SPEAKERS = ("1001", "1002", "1003")
"""Whom the networks know: the classes of their predictions."""
ROLES_OF_CLIPS = {
    "train": {"t0": "1001", "t1": "1001", "t2": "1001", "u0": "1002"},
    "test": {"a0": "2001", "a1": "2001", "a2": "2001", "b0": "2002"},
}
"""Role -> clip -> speaker: either role makes three pairs of one speaker and three of two."""


def verification(decision, pairs=6, **changes):
    return Verification.model_validate(
        {
            "paper": "vggvox_mtl",
            "verification": "SC-SAME-SPK-A",
            "variant": "paper",
            "title": "Speaker only",
            "experiment": "SC-SPK-A",
            "task": "speaker",
            "decision": decision,
            "pairs": pairs,
            "seed": 1,
            **changes,
        }
    )


def write_dataset(path: Path, roles=ROLES_OF_CLIPS) -> Path:
    rows = [(clip, speaker) for clips in roles.values() for clip, speaker in clips.items()]
    pd.DataFrame(rows, columns=["clip_id", "speaker"]).to_csv(path, sep="\t", index=False)
    return path


def write_taken(path: Path, runs, classes=SPEAKERS, task="speaker") -> list[Path]:
    """Predictions of role test; (repeat, fold) -> clip -> the class it is taken for."""
    rows = [
        (repeat, fold, clip, classes[0], np.eye(len(classes), dtype=np.float32)[classes.index(one)])
        for (repeat, fold), taken in runs.items()
        for clip, one in taken.items()
    ]
    table = pd.DataFrame(rows, columns=["repeat", "fold", "clip_id", "target", "scores"])
    table = table.assign(role="test", task=task, segment=0, channel="mono")
    write_predictions(path, Predictions(table, {task: tuple(classes)}))
    return [path]


def write_embedded(path: Path, runs, roles=ROLES_OF_CLIPS) -> list[Path]:
    """Embeddings; (repeat, fold) -> clip -> vector, clips with the roles that they play."""
    rows = [
        (repeat, fold, role, clip, np.float32(vectors[clip]))
        for (repeat, fold), vectors in runs.items()
        for role, clips in roles.items()
        for clip in clips
        if clip in vectors
    ]
    write_embeddings(
        path, pd.DataFrame(rows, columns=["repeat", "fold", "role", "clip_id", "embedding"])
    )
    return [path]


def verify(folder: Path, spec: Verification, dataset: Path, predicted, embeddings=()):
    """Verify; returns predictions, runs and points as their files."""
    folder.mkdir(exist_ok=True)
    files = (folder / "predictions.parquet", folder / "runs.tsv", folder / "roc.tsv")
    predictions, runs, roc = files
    write_verification(
        spec, dataset, predicted, embeddings, predictions=predictions, runs=runs, roc=roc
    )
    return files
