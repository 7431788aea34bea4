"""What holds for the twin of every corpus that has one archive."""

from collections import Counter

import pytest

from corpus_specs import corpus_spec
from imports import loaded_by
from retable.corpora.counts import count_faults
from retable.registry import TWINS, load

NAMES = {
    "crema_d": "CREMA-D",
    "esc50": "ESC-50",
    "savee": "SAVEE",
    "tess": "TESS",
    "utpodcast": "UT-Podcast",
    "vctk": "VCTK",
}
FEW = {
    # Among them the silent clip.
    "crema_d": {"speaker": ["1076"], "sentence": ["MTI"]},
    "esc50": {"event": ["dog"], "take": ["A"]},
    "savee": {"speaker": ["JK"], "utterance": ["01"]},
    # AIFF data and a clip at 96 kHz among them.
    "tess": {"clip_id": ["YAF_germ_angry", "OAF_food_fear", "OAF_bite_neutral"]},
    "utpodcast": {"group": ["AU-301", "UK-17_1"], "segment": ["01"]},
    "vctk": {"speaker": ["p225"], "utterance": ["001", "002"]},
}
"""Corpus -> a filter that leaves some clips."""


@pytest.fixture(scope="module", params=list(NAMES))
def corpus(request):
    return corpus_spec(request.param)


@pytest.fixture(scope="module")
def twin(corpus):
    return load(TWINS, corpus.corpus)


def test_the_whole_twin_has_upstreams_counts(corpus, twin):
    clips = twin.simulated_clips(corpus.simulation.model_copy(update={"keep": ()}))
    assert all(set(clip) == set(clips[0]) for clip in clips)
    # The spec counts nothing of VCTK, whose releases differ: 108 speakers say 24 sentences each.
    counts = corpus.counts or {"clips": {"all": 108 * 24}}
    assert len({clip["clip_id"] for clip in clips}) == counts["clips"]["all"]
    for column in set(counts) - {"clips"}:
        assert Counter(clip[column] for clip in clips) == counts[column]


def test_the_demo_holds_the_clips_that_the_twin_promises(indexed_twin, corpus, twin):
    """A rejected one counts as present."""
    manifest, rejected = indexed_twin
    promised = twin.simulated_clips(corpus.simulation)
    assert count_faults(manifest, rejected, corpus, twin=promised) == []
    described = manifest[list(promised[0])].to_dict("records")
    by_name = sorted(promised, key=lambda clip: clip["clip_id"])
    unread = set(rejected["clip_id"])
    assert described == [clip for clip in by_name if clip["clip_id"] not in unread]
    if corpus.counts:
        faults = count_faults(manifest.drop(index=0), rejected, corpus, twin=promised)
        assert f"{len(promised) - 1} clips, the simulation promises {len(promised)}" in faults


def test_equal_simulations_give_equal_bytes(corpus, twin, tmp_path):
    contents = []
    for number, seed in enumerate((0, 0, 1)):
        changes = {"seed": seed, "keep": (FEW[corpus.corpus],)}
        simulation = corpus.simulation.model_copy(update=changes)
        twin.simulate_archive(corpus.archives[0].name, simulation, tmp_path / f"{number}.zip")
        contents.append((tmp_path / f"{number}.zip").read_bytes())
    assert contents[0] == contents[1] != contents[2]
    assert len(list(tmp_path.iterdir())) == 3


def test_an_unknown_archive_is_refused(corpus, twin, tmp_path):
    own = corpus.archives[0].name
    fault = rf"^{NAMES[corpus.corpus]} has no archive ALL\.zip: it has {own}$"
    with pytest.raises(ValueError, match=fault):
        twin.simulate_archive("ALL.zip", corpus.simulation, tmp_path / "ALL.zip")
    assert list(tmp_path.iterdir()) == []


def test_simulation_imports_no_tables():
    """Its jobs are many and short."""
    loaded = loaded_by(
        "from retable.registry import TWINS, load; [load(TWINS, name) for name in TWINS]"
    )
    assert "retable.corpora.tut2017_twin" in loaded
    assert not loaded & {"pandas", "pyarrow", "torch"}
