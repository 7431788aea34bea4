"""Late fusion of trained classifiers, from their prediction files alone (mixup_mtl, section II.E).

The paper adds the scores of all classifiers, decides each segment for the class with the highest
sum, and each recording by something like a vote of its segments.

A classifier is one run of a member. A segment is scored by the classifiers that have it: not all
do where one member was trained on a channel (left minus right) that another never had. Its fused
score is the mean over those, where the paper adds. Both decide a segment for the same class, as
the mean divides all its classes by one number; and where every classifier has every segment, both
decide every clip alike. Elsewhere they can differ in ties of a vote, and in `pooling: mean`: there
a mean counts every segment alike, a sum those of the additional channel less. A mean of
probabilities is a probability, whatever was fused. `average: logit` takes the mean of logits
instead, whose softmax is the fused score.
"""

import itertools
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from retable.evaluation.classifiers import Classifier, Segments, read_classifiers
from retable.evaluation.ensembles import Ensemble, Stack, ensembles, stack
from retable.evaluation.fusion_sizes import accuracy_by_number
from retable.evaluation.predictions import Predictions, write_predictions
from retable.json_files import write_json
from retable.spec.paper import Fusion
from retable.splits.clip_roles import ROLES
from retable.tsv import write_tsv

logger = logging.getLogger(__name__)

AUDIT_COLUMNS = ["repeat", "fold", "role", "clips", "pairs", "share"]
SIZE_COLUMNS = ["repeat", "n", "draw", "accuracy"]


def write_fusion(
    fusion: Fusion,
    members: Mapping[str, Sequence[Path]],
    predictions: Path,
    audit: Path,
    sizes: Path,
    facts: Path,
) -> None:
    """Fuse the members' classifiers and write what comes of it.

    Args:
        fusion: What is fused.
        members: Experiment -> the predictions of all its parts.
        predictions: Fused scores as predictions of role test; `repeat` numbers the combinations,
            `fold` is the one whose test clips they are, or 0 where all folds have the same.
        audit: Table of `AUDIT_COLUMNS`: in how many pairs of a clip and a classifier that is
            fused for it the clip played which role for that classifier, and with how many clips.
        sizes: Table of `SIZE_COLUMNS`: accuracy of `n` classifiers, mean over folds, as they are
            added one by one in the order of each draw.
        facts: JSON: how many classifiers, combinations, folds, repeats and clips.

    Raises:
        DataError: Members cannot be fused as the spec says (see `read_classifiers`, `ensembles`
            and `stack`).
    """
    roles = ROLES if fusion.other_roles else ("test",)
    segments, classifiers = read_classifiers(
        fusion.task, {name: members[name] for name in fusion.members}, roles
    )
    parts, audits, accuracies = [], [], []
    planned = ensembles(fusion, classifiers)
    for repeat, group in itertools.groupby(planned, key=lambda ensemble: ensemble.repeat):
        stacks = []
        for ensemble in group:
            own = stack(ensemble, segments, fusion)
            parts.append(_prediction_rows(ensemble, own, segments, fusion.task))
            audits.append(_audit_rows(ensemble))
            stacks.append(own)
        accuracies.append(
            accuracy_by_number(stacks, segments, fusion.pooling, repeat).assign(repeat=repeat)
        )
    table = pd.concat(parts, ignore_index=True)
    write_predictions(predictions, Predictions(table, {fusion.task: segments.classes}))
    write_tsv(pd.concat(audits), audit)
    write_tsv(pd.concat(accuracies)[SIZE_COLUMNS], sizes)
    found = fusion_facts(fusion, planned, classifiers)
    write_json(found, facts)
    logger.info(
        "%s %s: %d combinations of %d classifiers, %d clips", fusion.fusion, fusion.variant,
        found["combinations"], found["classifiers"], found["clips"],
    )  # fmt: skip


def fusion_facts(
    fusion: Fusion, planned: Sequence[Ensemble], classifiers: Sequence[Classifier]
) -> dict[str, object]:
    """What was fused, as a page or a table states it.

    `classifiers` counts those of one fused result, `clips` the decisions of one combination.
    """
    return {
        "task": fusion.task,
        "experiments": list(fusion.members),
        "classifiers": len(planned[0].classifiers),
        "combinations": len({ensemble.repeat for ensemble in planned}),
        "folds": len({one.fold for one in classifiers}),
        "repeats": {
            name: len({one.repeat for one in classifiers if one.experiment == name})
            for name in fusion.members
        },
        "clips": sum(int(one.clips.sum()) for one in planned if one.repeat == planned[0].repeat),
        "pooling": fusion.pooling,
        "average": fusion.average,
    }


def _prediction_rows(ensemble: Ensemble, own: Stack, segments: Segments, task: str) -> pd.DataFrame:
    target = segments.target[segments.clip[own.places]]
    return segments.table.iloc[own.places].assign(
        repeat=ensemble.repeat,
        fold=ensemble.fold,
        role="test",
        task=task,
        target=np.array(segments.classes, dtype=object)[target],
        scores=list(own.mean()),
    )


def _audit_rows(ensemble: Ensemble) -> pd.DataFrame:
    roles = np.stack([one.roles[ensemble.clips] for one in ensemble.classifiers])
    rows = []
    for place, role in enumerate(ROLES):
        pairs = roles == place
        share = float(pairs.mean())
        clips = int(pairs.any(axis=0).sum())
        rows.append((ensemble.repeat, ensemble.fold, role, clips, int(pairs.sum()), share))
    return pd.DataFrame(rows, columns=AUDIT_COLUMNS)
