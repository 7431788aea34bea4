"""Whether two clips are of one speaker, as runs of an experiment decide it (vggvox_mtl, section 6).

The clips are of speakers that the runs have never heard. `same_class` takes two for one speaker
where the network takes both clips for the same of the speakers that it knows. `cosine` compares the
clips' embeddings, and decides by a threshold that pairs of training clips give.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from retable.evaluation.predictions import Predictions, score_matrix, write_predictions
from retable.evaluation.roc import (
    acceptance_rates,
    equal_error_rate,
    roc_points,
    roc_points_of_decisions,
)
from retable.evaluation.speaker_pairs import draw_pairs, read_speakers, speakers_of
from retable.evaluation.verification_inputs import (
    RunKey,
    embedded_clips,
    place_of,
    predicted_classes,
)
from retable.spec.paper import Verification
from retable.spec.split import Role
from retable.tsv import write_tsv
from retable.verified_task import VERIFIED_CLASSES, VERIFIED_TASK

logger = logging.getLogger(__name__)

COMPARED_ROLES: tuple[Role, ...] = ("train", "test")
"""Whose clips are compared by cosine: those that give the threshold, and those that are tested."""
SEPARATOR = "|"
"""Between the clip_ids of a pair."""
RUN_COLUMNS = [
    "repeat", "fold", "pairs", "threshold", "false_acceptance", "true_acceptance", "accuracy",
    "eer", "auc",
]  # fmt: skip
ROC_COLUMNS = ["repeat", "fold", "false_acceptance", "true_acceptance"]
PAIRS_AT_ONCE = 4096
"""Pairs whose embeddings are compared at a time."""


@dataclass(frozen=True)
class DecidedPairs:
    """The pairs of one run, decided."""

    pairs: pd.DataFrame
    """Columns `first, second, same` of `draw_pairs`."""
    probability: np.ndarray
    """(pairs,), that both clips are of one speaker; above a half means that they are taken so."""
    curve: pd.DataFrame
    """Columns `false_acceptance, true_acceptance`."""
    threshold: float = np.nan
    """Of the cosine; not a number where the classes decide, as are the following."""
    eer: float = np.nan
    """Equal error rate of these pairs, whatever the threshold."""
    auc: float = np.nan
    """Area under the ROC curve."""


def write_verification(
    verification: Verification,
    dataset: Path,
    predicted: Sequence[Path],
    embeddings: Sequence[Path],
    *,
    predictions: Path,
    runs: Path,
    roc: Path,
) -> None:
    """Decide the pairs of every run and write what comes of it.

    Args:
        verification: What decides, and about how many pairs.
        dataset: Table of the clips, with their speakers.
        predicted: Predictions of all parts of the experiment.
        embeddings: Embeddings of all its parts; none are needed for `same_class`.
        predictions: Decisions as predictions of role test; the clip_id of a pair is
            `<first>|<second>`. By cosine, the scores are the softmax of threshold and cosine.
        runs: Table of `RUN_COLUMNS`, rates as shares; threshold, eer and auc are empty for
            `same_class`.
        roc: Table of `ROC_COLUMNS`, points of each run by rising false acceptance.

    Raises:
        DataError: The runs have no predictions of the task, or no embeddings of the clips that
            they test or were trained on; a clip has no speaker; or there are too few pairs.
    """
    speakers = read_speakers(dataset, verification.task)
    decided: dict[RunKey, DecidedPairs] = {}
    if verification.decision == "same_class":
        for run, classes in predicted_classes(verification, predicted).items():
            own = speakers_of(classes.index, speakers, dataset)
            decided[run] = verify_by_class(classes, _draw(verification, run, "test", own))
    else:
        for run, clips in embedded_clips(verification, predicted, embeddings).items():
            pairs_by_role = {}
            for role in COMPARED_ROLES:
                names = pd.Index(clips.loc[clips["role"] == role, "clip_id"])
                own = speakers_of(names, speakers, dataset)
                pairs_by_role[role] = _draw(verification, run, role, own)
            decided[run] = verify_by_cosine(clips, pairs_by_role)
    tables = {run: _prediction_rows(one) for run, one in decided.items()}
    write_predictions(predictions, Predictions(_of_runs(tables), {VERIFIED_TASK: VERIFIED_CLASSES}))
    rows = {run: _run_row(decided[run], table) for run, table in tables.items()}
    write_tsv(_of_runs(rows)[RUN_COLUMNS], runs)
    write_tsv(_of_runs({run: one.curve for run, one in decided.items()})[ROC_COLUMNS], roc)
    logger.info(
        "%s: %d runs on %d pairs each", verification.subject, len(decided), verification.pairs
    )


def verify_by_class(classes: pd.Series, pairs: pd.DataFrame) -> DecidedPairs:
    """Take two clips for one speaker's where both are taken for the same class.

    Args:
        classes: What each test clip is taken for, by clip_id.
        pairs: Columns `first, second, same`, of these clips.

    Returns:
        The pairs with a probability of 0 or 1, and without a threshold.
    """
    first, second = (classes.reindex(pairs[end]).to_numpy() for end in ("first", "second"))
    taken = first == second
    rates = acceptance_rates(pairs["same"].to_numpy(), taken)
    return DecidedPairs(pairs, taken.astype(np.float64), roc_points_of_decisions(*rates))


def verify_by_cosine(
    embeddings: pd.DataFrame, pairs_by_role: Mapping[Role, pd.DataFrame]
) -> DecidedPairs:
    """Take two clips for one speaker's where the cosine of their embeddings exceeds a threshold.

    Args:
        embeddings: Columns `role, clip_id, embedding`, of training and test clips.
        pairs_by_role: Columns `first, second, same`: `train`, pairs of training clips, whose equal
            error rate gives the threshold; and `test`, which are decided.

    Returns:
        The test pairs.
    """
    same = {role: pairs["same"].to_numpy() for role, pairs in pairs_by_role.items()}
    cosine = {
        role: _cosines_of_pairs(embeddings[embeddings["role"] == role], pairs)
        for role, pairs in pairs_by_role.items()
    }
    threshold = equal_error_rate(same["train"], cosine["train"]).threshold
    return DecidedPairs(
        pairs=pairs_by_role["test"],
        # Of the softmax over threshold and cosine, the second.
        probability=expit(cosine["test"] - threshold),
        curve=roc_points(same["test"], cosine["test"]),
        threshold=threshold,
        eer=equal_error_rate(same["test"], cosine["test"]).rate,
        auc=float(roc_auc_score(same["test"], cosine["test"])),
    )


def _cosines_of_pairs(embeddings: pd.DataFrame, pairs: pd.DataFrame) -> np.ndarray:
    clips = pd.Index(embeddings["clip_id"])
    first, second = (clips.get_indexer(pairs[end]) for end in ("first", "second"))
    return cosines(np.stack(embeddings["embedding"].to_list()), first, second)


def cosines(embeddings: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Cosine of the angle between the embeddings of each pair.

    Args:
        embeddings: (clips, size).
        first: (pairs,), places of clips.
        second: (pairs,), places of clips.

    Returns:
        (pairs,) float64; 0 where an embedding is zero, which has no direction.
    """
    vectors = embeddings.astype(np.float64)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    # By rows rather than a matrix product, whose last digits depend on the number of threads.
    blocks = [slice(start, start + PAIRS_AT_ONCE) for start in range(0, len(first), PAIRS_AT_ONCE)]
    return np.concatenate(
        [(vectors[first[block]] * vectors[second[block]]).sum(axis=1) for block in blocks]
    )


def _draw(verification: Verification, run: RunKey, role: Role, speakers: pd.Series) -> pd.DataFrame:
    """The pairs of a run's clips of one role, of which `speakers` are the speakers by clip_id."""
    place = place_of(verification, run)
    return draw_pairs(speakers, verification.pairs, verification.seed, role, place)


def _of_runs(tables: Mapping[RunKey, pd.DataFrame]) -> pd.DataFrame:
    """The tables of all runs beneath each other, with `repeat` and `fold`."""
    return pd.concat(
        [table.assign(repeat=repeat, fold=fold) for (repeat, fold), table in tables.items()],
        ignore_index=True,
    )


def _prediction_rows(decided: DecidedPairs) -> pd.DataFrame:
    pairs, same = decided.pairs, decided.probability
    scores = np.stack([1 - same, same], axis=1).astype(np.float32)
    return pd.DataFrame(
        {
            "role": "test",
            "task": VERIFIED_TASK,
            "clip_id": pairs["first"] + SEPARATOR + pairs["second"],
            "segment": 0,
            "channel": "mono",
            "target": np.array(VERIFIED_CLASSES, dtype=object)[pairs["same"].astype(int)],
            "scores": list(scores),
        }
    )


def _run_row(decided: DecidedPairs, table: pd.DataFrame) -> pd.DataFrame:
    """A row of `RUN_COLUMNS`; decided as the written scores are, to the last digit."""
    same = decided.pairs["same"].to_numpy()
    accepted = score_matrix(table).argmax(axis=1) == VERIFIED_CLASSES.index("same")
    false, true = acceptance_rates(same, accepted)
    row = {
        "pairs": len(same),
        "threshold": decided.threshold,
        "false_acceptance": false,
        "true_acceptance": true,
        "accuracy": float((accepted == same).mean()),
        "eer": decided.eer,
        "auc": decided.auc,
    }
    return pd.DataFrame([row])
