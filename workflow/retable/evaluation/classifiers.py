"""The classifiers that a fusion takes its scores from: runs of experiments, from their predictions.

All classifiers of a fusion are held against one list of segments, so that their scores are added
place by place. A segment here is one segment of one channel of a clip.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from retable.errors import DataError
from retable.evaluation.predictions import Predictions, read_predictions, score_matrix
from retable.splits.clip_roles import ROLES

SEGMENT_KEY = ["clip_id", "segment", "channel"]
RUN_KEY = ["experiment", "repeat", "fold"]
UNKNOWN = -1
"""Role of the clips that a classifier has no scores of."""


@dataclass(frozen=True)
class Segments:
    """Every segment that some classifier has scores of."""

    table: pd.DataFrame
    """Columns of `SEGMENT_KEY`, by which it is sorted."""
    clip: np.ndarray
    """(segments,), place of its clip."""
    clips: np.ndarray
    """(clips,), clip_id in sorted order."""
    target: np.ndarray
    """(clips,), place of its class."""
    classes: tuple[str, ...]


@dataclass(frozen=True)
class Classifier:
    """One run of an experiment."""

    experiment: str
    repeat: int
    fold: int
    places: np.ndarray
    """(n,), the segments that it has scores of, ascending."""
    scores: np.ndarray
    """(n, classes), float32."""
    roles: np.ndarray
    """(clips,), place in `ROLES` of what each clip was to the run, or `UNKNOWN`."""
    due: np.ndarray
    """(segments,), whether the segment is of a channel that the experiment has."""

    def __str__(self) -> str:
        return f"{self.experiment} repeat {self.repeat} fold {self.fold}"

    def clips_of(self, role: str) -> np.ndarray:
        """(clips,), whether a clip plays the role."""
        return self.roles == ROLES.index(role)


def read_classifiers(
    task: str, members: Mapping[str, Sequence[Path]], roles: Collection[str]
) -> tuple[Segments, list[Classifier]]:
    """Read all runs of the members, in the order of members, repeats and folds.

    Args:
        task: The task whose scores are fused.
        members: Experiment -> the predictions of all its parts.
        roles: Only clips of these roles.

    Raises:
        DataError: A member lacks the task, has other classes or folds than another, lacks a run,
            or has a clip in two roles of a run; or members disagree on a clip's target.
    """
    read = {name: read_predictions(paths, roles) for name, paths in members.items()}
    classes = _common_classes(task, read)
    rows = pd.concat(
        [
            predictions.table[predictions.table["task"] == task].assign(experiment=name)
            for name, predictions in read.items()
        ],
        ignore_index=True,
    )
    del read
    segments, place = _segments(rows, classes)
    due = _due_segments(rows, segments, place)
    # In the order that they are read in: of members, repeats and folds.
    runs = list(rows[RUN_KEY].drop_duplicates().itertuples(index=False, name=None))
    _require_all_runs(runs, list(members))
    run = rows.groupby(RUN_KEY, sort=False).ngroup().to_numpy()
    classifiers = []
    for index, (experiment, repeat, fold) in enumerate(runs):
        own = np.flatnonzero(run == index)
        own = own[np.argsort(place[own], kind="stable")]
        name = f"{experiment} repeat {repeat} fold {fold}"
        roles_of_clips = _roles(rows["role"].iloc[own], place[own], segments, name)
        scores = score_matrix(rows.iloc[own])
        classifiers.append(
            Classifier(
                experiment, repeat, fold, place[own], scores, roles_of_clips, due[experiment]
            )
        )
    return segments, classifiers


def _common_classes(task: str, read: Mapping[str, Predictions]) -> tuple[str, ...]:
    first = next(iter(read))
    for name, predictions in read.items():
        if task not in set(predictions.table["task"].unique()):
            raise DataError(
                f"experiment {name} has no predictions of task {task} (it has "
                f"{', '.join(sorted(predictions.classes))}); fuse experiments that predict it"
            )
        own, expected = predictions.classes[task], read[first].classes[task]
        if own != expected:
            raise DataError(
                f"task {task}: the classes of experiment {name} ({', '.join(own)}) differ from "
                f"those of {first} ({', '.join(expected)}); fuse experiments on one corpus"
            )
    return read[first].classes[task]


def _segments(rows: pd.DataFrame, classes: tuple[str, ...]) -> tuple[Segments, np.ndarray]:
    """The segments of all rows, and each row's place among them."""
    groups = rows.groupby(SEGMENT_KEY, sort=True)
    place = groups.ngroup().to_numpy()
    first = np.unique(place, return_index=True)[1]
    table = rows[[*SEGMENT_KEY, "target"]].iloc[first].reset_index(drop=True)
    clip, clips = pd.factorize(table["clip_id"])
    target = pd.Index(classes).get_indexer(pd.Index(rows["target"]))
    target_of_clip = np.zeros(len(clips), dtype=np.int64)
    target_of_clip[clip[place]] = target
    differs = target_of_clip[clip[place]] != target
    if differs.any():
        clip_id = rows["clip_id"].iloc[int(differs.argmax())]
        names = sorted(set(rows.loc[rows["clip_id"] == clip_id, "target"]))
        raise DataError(
            f"clip {clip_id}: it has the targets {', '.join(names)}; remove the older of the "
            "experiments' predictions and build them again"
        )
    segments = Segments(table[SEGMENT_KEY], clip, clips.to_numpy(), target_of_clip, classes)
    return segments, place


def _due_segments(
    rows: pd.DataFrame, segments: Segments, place: np.ndarray
) -> dict[str, np.ndarray]:
    """Experiment -> (segments,), whether the segment is of a channel that the experiment has."""
    channel = pd.factorize(segments.table["channel"])[0]
    return {
        str(name): np.isin(channel, np.unique(channel[place[own]]))
        for name, own in rows.groupby("experiment").indices.items()
    }


def _roles(role: pd.Series, places: np.ndarray, segments: Segments, run: str) -> np.ndarray:
    codes = pd.Index(ROLES).get_indexer(pd.Index(role))
    clip = segments.clip[places]
    roles = np.full(len(segments.clips), UNKNOWN)
    roles[clip] = codes
    twice = (roles[clip] != codes) | (np.diff(places, prepend=-1) == 0)
    if twice.any():
        clip_id = segments.clips[clip[twice.argmax()]]
        raise DataError(
            f"{run}: clip {clip_id} plays two roles; build the split and the experiment again"
        )
    return roles


def _require_all_runs(runs: Collection[tuple[str, int, int]], members: Sequence[str]) -> None:
    """Require that every member has every fold of every repeat, and all the same folds."""
    folds_of = {
        name: sorted({fold for experiment, _, fold in runs if experiment == name})
        for name in members
    }
    for name, folds in folds_of.items():
        if folds != folds_of[members[0]]:
            raise DataError(
                f"experiment {name} has the folds {folds} and {members[0]} has "
                f"{folds_of[members[0]]}; fuse experiments that run the same folds"
            )
        repeats = {repeat for experiment, repeat, _ in runs if experiment == name}
        absent = {(name, r, f) for r in repeats for f in folds} - set(runs)
        if absent:
            _, repeat, fold = min(absent)
            raise DataError(
                f"experiment {name} has no predictions of repeat {repeat} fold {fold}; "
                "build all its parts"
            )
