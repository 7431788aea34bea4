import zipfile
from collections import Counter
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
import soundfile
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from twin_difficulty import accuracy, mean_log_mel, mel_filters

from corpus_specs import corpus_spec
from retable.corpora.counts import count_faults
from retable.corpora.index import check_named, index_clips
from retable.corpora.metadata import find_metadata
from retable.corpora.source import resolve_source
from retable.corpora.tut2017 import (
    DEVELOPMENT,
    ERRORS,
    EVALUATE,
    EVALUATION,
    FOLD_LISTS,
    MAP,
    META,
    METADATA,
    SAMPLE_RATE,
    clip_descriptions,
)
from retable.corpora.tut2017_twin import (
    simulate_archive,
    simulate_clip,
    simulated_clips,
    upstream_clips,
)
from retable.corpora.unpack import unpack_archive
from retable.spec.corpus import Corpus


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return corpus_spec("tut2017")


@pytest.fixture(scope="module")
def short(corpus):
    """The simulation that the YAML describes, with shorter clips: fast."""
    return corpus.simulation.model_copy(update={"duration_s": (0.2, 0.3)})


@pytest.fixture(scope="module")
def archives(corpus, short, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("archives")
    for archive in corpus.archives:
        simulate_archive(archive.name, short, folder / archive.name)
    return folder


@pytest.fixture(scope="module")
def twin(corpus, archives, tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("twin")
    for archive in corpus.archives:
        unpack_archive(archives / archive.name, root / archive.unpack_to, 2**30)
    return root


def index(root, folders, corpus):
    descriptions = clip_descriptions(find_metadata(root, folders, METADATA))
    manifest, rejected = index_clips(root, folders, corpus, descriptions, threads=2)
    check_named(manifest, rejected, descriptions.named, corpus)
    return manifest, rejected


@pytest.fixture(scope="module")
def twin_index(corpus, twin):
    return index(twin, [archive.unpack_to for archive in corpus.archives], corpus)


def test_upstream_has_the_clips_that_its_paper_counts(corpus):
    clips = upstream_clips()
    assert len({clip["clip_id"] for clip in clips}) == 6300 == corpus.counts["clips"]["all"]
    for column in ("subset", "scene"):
        assert Counter(clip[column] for clip in clips) == corpus.counts[column]
    numbers = {int(clip["clip_id"]) for clip in clips if clip["subset"] == "evaluation"}
    assert numbers == set(range(1, 1621))
    assert sum(clip["faulty"] == "yes" for clip in clips) == 84


def test_folds_hold_out_whole_recordings():
    development = [clip for clip in upstream_clips() if clip["subset"] == "development"]
    for fold in ("fold1", "fold2", "fold3", "fold4"):
        assert Counter(clip[fold] for clip in development) == {"train": 3510, "evaluate": 1170}
        assert len({(clip["group"], clip[fold]) for clip in development}) == 15 * 12
    evaluated = Counter(clip["group"] for clip in development if clip["fold1"] == "evaluate")
    assert set(evaluated.values()) == {24, 27}


def test_the_clips_kept_are_balanced(corpus):
    clips = simulated_clips(corpus.simulation)
    assert len(clips) == 15 * (8 + 4)
    assert set(Counter((clip["scene"], clip["subset"]) for clip in clips).values()) == {8, 4}
    for fold in ("fold1", "fold2", "fold3", "fold4"):
        evaluated = {(clip["scene"], clip["group"]) for clip in clips if clip[fold] == "evaluate"}
        assert set(Counter(scene for scene, _ in evaluated).values()) == {2}
    assert any(clip["faulty"] == "yes" for clip in clips)


def test_the_twin_is_indexed_as_it_was_described(corpus, short, twin_index):
    manifest, rejected = twin_index
    assert len(rejected) == 0
    promised = {clip["clip_id"]: clip for clip in simulated_clips(short)}
    columns = list(next(iter(promised.values())))
    assert {row["clip_id"]: row for row in manifest[columns].to_dict("records")} == promised
    assert count_faults(manifest, rejected, corpus, twin=list(promised.values())) == []
    assert set(manifest["sample_rate"]) == {SAMPLE_RATE}
    assert set(manifest["channels"]) == {2}
    assert manifest["duration_s"].between(0.2, 0.3).all()


def test_archives_hold_the_folder_of_their_set(archives):
    members = {path.name: zipfile.ZipFile(path).namelist() for path in archives.iterdir()}
    folds = [path for (_, role), path in FOLD_LISTS.items() if role == "evaluate"]
    assert set(members[f"{DEVELOPMENT}.meta.zip"]) == {
        META,
        *FOLD_LISTS.values(),
        *(path.replace("evaluate", "test") for path in folds),
    }
    assert members[f"{DEVELOPMENT}.error.zip"] == [ERRORS]
    assert set(members[f"{EVALUATION}.meta.zip"]) == {
        EVALUATE,
        MAP,
        f"{EVALUATION}/evaluation_setup/test.txt",
    }
    for data_set, parts, clips in ((DEVELOPMENT, 10, 120), (EVALUATION, 4, 60)):
        assert members[f"{data_set}.doc.zip"] == [f"{data_set}/README.md"]
        audio = [members[f"{data_set}.audio.{part}.zip"] for part in range(1, parts + 1)]
        assert {len(names) for names in audio} == {clips // parts}
        for names in audio:
            assert {PurePosixPath(name).parent for name in names} == {
                PurePosixPath(data_set, "audio")
            }


def test_clips_are_upstreams_24_bit(twin, twin_index):
    files = [twin / path for path in twin_index[0]["path"][:20]]
    assert {(soundfile.info(file).format, soundfile.info(file).subtype) for file in files} == {
        ("WAV", "PCM_24")
    }


def test_archives_unpacked_in_one_place_are_a_directory_source(
    corpus, archives, twin_index, tmp_path
):
    for path in archives.iterdir():
        zipfile.ZipFile(path).extractall(tmp_path)
    source = resolve_source(corpus, str(tmp_path))
    assert (source.kind, len(source.present)) == ("folders", 19)
    folders = list(dict.fromkeys(one for archive in corpus.archives for one in archive.folders))
    manifest, rejected = index(tmp_path, folders, corpus)
    assert len(rejected) == 0
    columns = ["clip_id", "sha256", "group", "scene", "fold1", "faulty"]
    assert manifest[columns].equals(twin_index[0][columns])


def test_equal_simulations_give_equal_bytes(short, archives, tmp_path):
    for name in (f"{DEVELOPMENT}.audio.10.zip", f"{EVALUATION}.meta.zip"):
        again = tmp_path / name
        simulate_archive(name, short, again)
        assert again.read_bytes() == (archives / name).read_bytes()
    other = short.model_copy(update={"seed": 1})
    simulate_archive(f"{DEVELOPMENT}.audio.10.zip", other, tmp_path / "other.zip")
    assert (tmp_path / "other.zip").read_bytes() != (tmp_path / name).read_bytes()


def test_a_clip_does_not_depend_on_which_others_are_kept(short, archives, tmp_path):
    name, member = f"{DEVELOPMENT}.audio.1.zip", f"{DEVELOPMENT}/audio/b001_260_270.wav"
    alone = short.model_copy(update={"keep": ({"clip_id": ["b001_260_270"]},)})
    found = []
    for part in range(1, 11):
        simulate_archive(f"{DEVELOPMENT}.audio.{part}.zip", alone, tmp_path / name)
        with zipfile.ZipFile(tmp_path / name) as archive:
            found += [archive.read(one) for one in archive.namelist()]
    assert found == [zipfile.ZipFile(archives / name).read(member)]


def test_an_unknown_archive_is_refused(short, tmp_path):
    with pytest.raises(ValueError, match=r"no archive TUT\.zip: it has TUT-acoustic-scenes-2017-d"):
        simulate_archive("TUT.zip", short, tmp_path / "TUT.zip")


def test_documentation_says_that_it_is_simulated(archives):
    with zipfile.ZipFile(archives / f"{EVALUATION}.doc.zip") as archive:
        assert (
            "60 clips of this data set are not recordings"
            in archive.read(f"{EVALUATION}/README.md").decode()
        )


def test_the_ears_hear_different_sounds(corpus):
    """Left, right and their difference are images of their own (Zheng et al., section III.B)."""
    clips = simulated_clips(corpus.simulation)[::30]
    for clip in clips:
        left, right = simulate_clip(clip, corpus.simulation).T
        assert 0.3 < np.corrcoef(left, right)[0, 1] < 0.95
        difference_db = 10 * np.log10(np.mean((left - right) ** 2) / np.mean(left**2))
        assert -12 < difference_db < 3


def test_a_faulty_span_is_where_the_error_list_says(short, archives):
    with zipfile.ZipFile(archives / f"{DEVELOPMENT}.error.zip") as archive:
        lines = archive.read(ERRORS).decode().splitlines()
    faulty = {clip["clip_id"]: clip for clip in simulated_clips(short) if clip["faulty"] == "yes"}
    assert len(lines) == len(faulty) > 0
    for line in lines:
        file, onset, offset, label = line.split("\t")
        samples = simulate_clip(faulty[PurePosixPath(file).stem], short)
        span = slice(*(round(float(time) * SAMPLE_RATE) for time in (onset, offset)))
        assert label == "error"
        assert not samples[span, 0].any()
        assert samples[span, 1].any()


@pytest.fixture(scope="module")
def difficulty(corpus):
    """Mean log-mel of the left ear, scenes, recordings and subsets; two segments a recording."""
    keep = (
        {"subset": ["development"], "start_s": ["250", "260"]},
        {"subset": ["evaluation"], "start_s": ["140"]},
    )
    simulation = corpus.simulation.model_copy(update={"keep": keep})
    clips = simulated_clips(simulation)
    filters = mel_filters(SAMPLE_RATE)
    features = [mean_log_mel(simulate_clip(clip, simulation)[:, 0], filters) for clip in clips]
    columns = ("scene", "group", "subset", "start_s")
    return np.stack(features), *(np.array([clip[name] for clip in clips]) for name in columns)


def test_scenes_overlap_but_can_be_learnt(difficulty):
    """Trained on the development clips that the YAML keeps, tested on the evaluation clips."""
    features, scenes, _, subsets, starts = difficulty
    train, test = starts == "260", subsets == "evaluation"
    classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    classifier.fit(features[train], scenes[train])
    assert 0.40 <= classifier.score(features[test], scenes[test]) <= 0.85


def test_random_folds_are_easier_than_unseen_recordings(difficulty):
    features, scenes, recordings, subsets, _ = difficulty
    kept = subsets == "development"
    random = accuracy(features[kept], scenes[kept])
    assert random - accuracy(features[kept], scenes[kept], recordings[kept]) >= 0.04
