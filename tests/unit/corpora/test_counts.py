"""What is odd about a clip that is kept, and what its dataset calls it, changes no count."""

import pytest

from retable.checks.build import check_counts
from retable.corpora.counts import count_faults
from retable.spec.corpus import Promise
from retable.tsv import write_tsv


@pytest.fixture
def remarked(twin_index):
    """The twin's index, with what a corpus of odd clips has: remarks, ids that are no stems."""
    manifest, rejected = (frame.copy() for frame in twin_index)
    manifest["clip_id"] = manifest["speaker"] + "_" + manifest["clip_id"]
    manifest.loc[manifest.index % 2 == 0, "remark"] = "AIFF data under the name .wav"
    return manifest, rejected


def test_remarked_clips_count_as_the_others(remarked, corpus, tmp_path):
    files = [tmp_path / "manifest.tsv", tmp_path / "rejected.tsv"]
    for frame, file in zip(remarked, files, strict=True):
        write_tsv(frame, file)
    promise = Promise(corpus=corpus, simulated=True, partial=False)
    check = check_counts("ravdess", *files, promise)
    assert (check.result, check.detail) == ("passed", "666 clips")
    # The test can fail: a clip less is a fault.
    write_tsv(remarked[0].iloc[1:], files[0])
    check = check_counts("ravdess", *files, promise)
    assert check.result == "failed"
    assert check.detail.startswith("665 clips, the simulation promises 666; ")


def test_upstreams_counts_are_of_upstreams_names(remarked, corpus):
    # A dataset that recodes leaves the manifest as it is: these are the names that counts are by.
    manifest, rejected = remarked
    counts = {"clips": {"all": 666}, "emotion": manifest["emotion"].value_counts().to_dict()}
    promised = corpus.model_copy(update={"counts": counts})
    assert count_faults(manifest, rejected, promised) == []
    manifest["emotion"] = manifest["emotion"].replace("surprised", "ps")
    surprised = counts["emotion"]["surprised"]
    assert count_faults(manifest, rejected, promised) == [
        f"emotion: {surprised} clips of class 'ps', which the corpus does not name",
        f"{surprised} clips of emotion ps, upstream promises 0",
        f"0 clips of emotion surprised, upstream promises {surprised}",
    ]
