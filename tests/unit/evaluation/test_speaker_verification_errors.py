"""Runs that cannot answer whether two clips are of one speaker, and what is said of them."""

import pandas as pd
import pytest
from sample_verification import (
    ROLES_OF_CLIPS,
    verification,
    verify,
    write_dataset,
    write_embedded,
    write_taken,
)

from retable.errors import DataError

VECTORS = {
    clip: (1.0, float(number))
    for clips in ROLES_OF_CLIPS.values()
    for number, clip in enumerate(clips)
}


@pytest.fixture
def dataset(tmp_path):
    return write_dataset(tmp_path / "dataset.tsv")


@pytest.fixture
def predicted(tmp_path):
    return write_taken(
        tmp_path / "p.parquet", {(0, 0): dict.fromkeys(ROLES_OF_CLIPS["test"], "1001")}
    )


@pytest.mark.parametrize(
    ("embedded", "message"),
    [
        (
            {(0, 0): {clip: VECTORS[clip] for clip in ROLES_OF_CLIPS["test"]}},
            "repeat 0 fold 0 has no embeddings of the role train, whose pairs give the threshold; "
            "remove the predictions and embeddings of experiment SC-SPK-A and build them again",
        ),
        (
            {(0, 0): {clip: one for clip, one in VECTORS.items() if clip != "a1"}},
            "repeat 0 fold 0: 1 test clips have either predictions or embeddings but not both, "
            "first 'a1'",
        ),
        ({(1, 0): VECTORS}, "repeat 0 fold 0 has predictions but no embeddings"),
        (
            {(0, 0): VECTORS, (1, 0): VECTORS},
            "repeat 1 fold 0 has embeddings but no predictions",
        ),
    ],
)
def test_embeddings_must_be_of_the_same_runs_and_clips(
    tmp_path, dataset, predicted, embedded, message
):
    embeddings = write_embedded(tmp_path / "e.parquet", embedded)
    with pytest.raises(DataError, match=message):
        verify(tmp_path, verification("cosine"), dataset, predicted, embeddings)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            verification("same_class", pairs=8),
            "SC-SAME-SPK-A paper: repeat 0 fold 0, role test: 4 clips of 2 speakers.* at most 6",
        ),
        (verification("cosine"), "no embeddings to read"),
        (
            verification("same_class", task="emotion"),
            r"SC-SPK-A has no predictions of task emotion \(it has speaker\); verify",
        ),
    ],
    ids=["too many pairs", "no embeddings", "another task"],
)
def test_what_the_runs_cannot_answer_is_refused(tmp_path, dataset, predicted, spec, message):
    table = pd.read_csv(dataset, sep="\t", dtype=str)
    table.assign(emotion="ANG").to_csv(dataset, sep="\t", index=False)
    with pytest.raises(DataError, match=message):
        verify(tmp_path, spec, dataset, predicted)


def test_a_clip_without_speaker_is_named(tmp_path, dataset, predicted):
    pd.read_csv(dataset, sep="\t", dtype=str).iloc[:-1].to_csv(dataset, sep="\t", index=False)
    with pytest.raises(DataError, match=r"dataset\.tsv: 1 of 4 clips have no speaker .* 'b0'"):
        verify(tmp_path, verification("same_class"), dataset, predicted)
