"""Datasets: the clips of a corpus that an experiment uses."""

from collections import Counter
from collections.abc import Mapping, Sequence

import pandas as pd

from retable.corpora.filters import matching_rows, values_present
from retable.errors import DataError, listed
from retable.spec.corpus import Dataset


def select_clips(manifest: pd.DataFrame, dataset: Dataset) -> pd.DataFrame:
    """Rows of the manifest that match any filter of the dataset, in the manifest's order.

    A filter matches where every one of its columns holds one of its values, by upstream's names.
    Where the dataset recodes a task, its classes get their names in the dataset, and clips of a
    class without one are left out.

    Raises DataError for a column that the manifest lacks and when no clip is left.
    """
    clips = _selected(manifest, dataset)
    if clips.empty and (dataset.where or dataset.recode):
        raise DataError(_no_clip(manifest, dataset))
    return clips


def select_rejected(
    rejected: pd.DataFrame, manifest: pd.DataFrame, dataset: Dataset
) -> pd.DataFrame:
    """The clips that upstream lists, that a dataset would select, and that its corpus rejected.

    A clip whose name cannot be parsed belongs to no dataset; a duplicate of a clip in the manifest
    is left out.

    Args:
        rejected: the list of rejected files; one or several rows a clip.
        manifest: the clips that were not rejected.
        dataset: which clips to select, and what their classes are called in it.

    Returns:
        One row a clip, in the list's order, with its `reason` and the columns of the manifest,
        empty where nothing is known; no row where no such clip was rejected.

    Raises:
        DataError: the manifest lacks a column that a filter names.
    """
    described = [name for name in rejected.columns if name not in ("path", "reason", "clip_id")]
    known = rejected[(rejected[described] != "").any(axis=1)].drop_duplicates("clip_id")
    missing = known[~known["clip_id"].isin(manifest["clip_id"])]
    clips = missing.reindex(columns=["reason", *manifest.columns], fill_value="")
    return _selected(clips, dataset)


def _selected(clips: pd.DataFrame, dataset: Dataset) -> pd.DataFrame:
    """Clips that match, of classes that have a name in the dataset, with that name."""
    clips = _matching(clips, dataset)
    for task, names in dataset.recode.items():
        named = clips[matching_rows(clips, [{task: list(names)}], "`recode` of the dataset")]
        clips = named.assign(**{task: named[task].map(names)})
    return clips.reset_index(drop=True)


def _matching(clips: pd.DataFrame, dataset: Dataset) -> pd.DataFrame:
    if not dataset.where:
        return clips
    return clips[matching_rows(clips, dataset.where, "the dataset")]


def check_classes(clips: pd.DataFrame, classes: Mapping[str, Sequence[str]], place: str) -> None:
    """Raises DataError where a class has no clip: nothing could learn it, and it has no recall.

    Args:
        clips: those of a dataset, one row each.
        classes: task, a column of `clips` -> its classes.
        place: which dataset this is, for the message.
    """
    faults = []
    for task, names in classes.items():
        if task not in clips.columns:
            faults.append(f"task {task} is no column of the manifest: {', '.join(clips.columns)}")
            continue
        found = Counter(clips[task].astype(str))
        absent = [repr(name) for name in names if not found[name]]
        if absent:
            present = listed([f"{name!r} {count}" for name, count in sorted(found.items())])
            faults.append(f"{task}: no clip of {listed(absent)}, only {present}")
    if faults:
        listing = "\n".join(f"  - {fault}" for fault in faults)
        raise DataError(
            f"{place}: its {len(clips)} clips lack classes that they must have:\n{listing}\n"
            "Complete the corpus, or correct `where`, `labels` or `recode` of the dataset in its "
            "YAML; where only a part of the corpus is meant to be there, set its `partial: true` "
            "in config.yaml."
        )


def _no_clip(manifest: pd.DataFrame, dataset: Dataset) -> str:
    """Says which values no clip has; where each occurs, that they do not occur together."""
    matching = _matching(manifest, dataset)
    if not matching.empty:
        wanted = " and ".join(
            f"{task} {' or '.join(map(repr, names))} (values present: "
            f"{values_present(matching[task])})"
            for task, names in dataset.recode.items()
        )
        return (
            f"`recode` of the dataset leaves out all of the {len(matching)} clips: none has "
            f"{wanted}. Write upstream's names into `recode` of the dataset in the corpus' YAML, "
            "or into the column `from` of the table there."
        )
    absent = []
    for one in dataset.where:
        for column, values in one.items():
            if not manifest[column].astype(str).isin(values).any():
                absent.append(
                    f"{column} is never {' or '.join(map(repr, values))} "
                    f"(values present: {values_present(manifest[column])})"
                )
    reason = "; ".join(dict.fromkeys(absent)) or "no clip has all the values of one filter together"
    return (
        f"the dataset selects none of the {len(manifest)} clips: {reason}. Correct `where` of the "
        "dataset in the corpus' YAML, or use a source that holds such clips."
    )
