"""Whether two clips are of one speaker, as the runs of an experiment decide it (vggvox_mtl,
section 6): "testing if the models could identify whether two speakers are the same or not".

The clips are of speakers that the runs have never heard. `same_class` takes two for one speaker
where the network takes both clips for the same of the speakers that it knows. `cosine` compares the
clips' embeddings, and decides by a threshold that pairs of training clips give.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from retable.evaluation.predictions import Predictions, score_matrix, write_predictions
from retable.evaluation.roc import curve, curve_of_decisions, equal_error, error_rates
from retable.evaluation.speaker_pairs import draw_pairs, read_speakers, speakers_of
from retable.evaluation.verification_inputs import Run, embedded_clips, tested_classes
from retable.spec.paper import Verification
from retable.spec.split import Role
from retable.tsv import write_tsv

logger = logging.getLogger(__name__)

CLASSES = ("different", "same")
SEPARATOR = "|"
"""Between the clip_ids of a pair."""
RUN_COLUMNS = [
    "repeat", "fold", "pairs", "threshold", "false_acceptance", "true_acceptance", "accuracy",
    "eer", "auc",
]  # fmt: skip
ROC_COLUMNS = ["repeat", "fold", "false_acceptance", "true_acceptance"]
BLOCK = 4096
"""Pairs whose embeddings are compared at a time."""

DrawPairs = Callable[[pd.Index, Role], pd.DataFrame]
"""Clips of a run and their role -> the pairs that are drawn of them (see `draw_pairs`)."""


@dataclass(frozen=True)
class Verified:
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
    members: Sequence[Path],
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
        members: Predictions of all parts of the experiment.
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

    def drawn(run: Run) -> DrawPairs:
        place = f"{verification.subject}: repeat {run[0]} fold {run[1]}"
        return lambda clips, role: draw_pairs(
            speakers_of(clips, speakers, dataset),
            verification.pairs,
            verification.seed,
            role,
            place,
        )

    if verification.decision == "same_class":
        classes = tested_classes(verification, members)
        verified = {run: verify_by_class(own, drawn(run)) for run, own in classes.items()}
    else:
        embedded = embedded_clips(verification, members, embeddings)
        verified = {run: verify_by_cosine(own, drawn(run)) for run, own in embedded.items()}
    tables = {run: _prediction_rows(one) for run, one in verified.items()}
    write_predictions(
        predictions, Predictions(_of_runs(tables), {Verification.scored_task: CLASSES})
    )
    rows = {run: _run_row(verified[run], table) for run, table in tables.items()}
    write_tsv(_of_runs(rows)[RUN_COLUMNS], runs)
    write_tsv(_of_runs({run: one.curve for run, one in verified.items()})[ROC_COLUMNS], roc)
    logger.info(
        "%s: %d runs on %d pairs each", verification.subject, len(verified), verification.pairs
    )


def verify_by_class(classes: pd.Series, draw: DrawPairs) -> Verified:
    """Take two clips for one speaker's where both are taken for the same class.

    Args:
        classes: What each test clip is taken for, by clip_id.
        draw: Draws the pairs.
    """
    pairs = draw(classes.index, "test")
    first, second = (classes.reindex(pairs[end]).to_numpy() for end in ("first", "second"))
    taken = first == second
    rates = error_rates(pairs["same"].to_numpy(), taken)
    return Verified(pairs, taken.astype(np.float64), curve_of_decisions(*rates))


def verify_by_cosine(embeddings: pd.DataFrame, draw: DrawPairs) -> Verified:
    """Take two clips for one speaker's where the cosine of their embeddings exceeds a threshold.

    Args:
        embeddings: Columns `role, clip_id, embedding`, of training and test clips.
        draw: Draws the pairs: of training clips, of which as many are taken for one speaker
            wrongly as are not taken so wrongly at the threshold, and of test clips.
    """
    pairs, cosine, same = {}, {}, {}
    roles: tuple[Role, ...] = ("train", "test")
    for role in roles:
        own = embeddings[embeddings["role"] == role]
        clips = pd.Index(own["clip_id"])
        pairs[role] = draw(clips, role)
        same[role] = pairs[role]["same"].to_numpy()
        cosine[role] = cosines(
            np.stack(own["embedding"].to_list()),
            clips.get_indexer(pairs[role]["first"]),
            clips.get_indexer(pairs[role]["second"]),
        )
    threshold = equal_error(same["train"], cosine["train"]).threshold
    return Verified(
        pairs=pairs["test"],
        # Of the softmax over threshold and cosine, the second.
        probability=expit(cosine["test"] - threshold),
        curve=curve(same["test"], cosine["test"]),
        threshold=threshold,
        eer=equal_error(same["test"], cosine["test"]).rate,
        auc=float(roc_auc_score(same["test"], cosine["test"])),
    )


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
    blocks = [slice(start, start + BLOCK) for start in range(0, len(first), BLOCK)]
    return np.concatenate(
        [(vectors[first[block]] * vectors[second[block]]).sum(axis=1) for block in blocks]
    )


def _of_runs(tables: Mapping[Run, pd.DataFrame]) -> pd.DataFrame:
    """The tables of all runs beneath each other, with `repeat` and `fold`."""
    return pd.concat(
        [table.assign(repeat=repeat, fold=fold) for (repeat, fold), table in tables.items()],
        ignore_index=True,
    )


def _prediction_rows(verified: Verified) -> pd.DataFrame:
    pairs, same = verified.pairs, verified.probability
    scores = np.stack([1 - same, same], axis=1).astype(np.float32)
    return pd.DataFrame(
        {
            "role": "test",
            "task": Verification.scored_task,
            "clip_id": pairs["first"] + SEPARATOR + pairs["second"],
            "segment": 0,
            "channel": "mono",
            "target": np.array(CLASSES, dtype=object)[pairs["same"].astype(int)],
            "scores": list(scores),
        }
    )


def _run_row(verified: Verified, table: pd.DataFrame) -> pd.DataFrame:
    """A row of `RUN_COLUMNS`; decided as the written scores are, to the last digit."""
    same = verified.pairs["same"].to_numpy()
    accepted = score_matrix(table).argmax(axis=1) == CLASSES.index("same")
    false, true = error_rates(same, accepted)
    row = {
        "pairs": len(same),
        "threshold": verified.threshold,
        "false_acceptance": false,
        "true_acceptance": true,
        "accuracy": float((accepted == same).mean()),
        "eer": verified.eer,
        "auc": verified.auc,
    }
    return pd.DataFrame([row])
