import csv
import hashlib
import shutil
from collections import Counter
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd
import pytest
import soundfile
from job_index import index

from corpus_specs import corpus_spec
from real_corpora import real_corpus
from retable.corpora import esc50
from retable.corpora.counts import count_faults
from retable.corpora.source import resolve_source
from retable.errors import DataError

# Rows of upstream's meta/esc50.csv.
ROWS = (
    "1-100032-A-0.wav,1,0,dog,True,100032,A",
    "1-100038-A-14.wav,1,14,chirping_birds,False,100038,A",
    "1-100210-A-36.wav,1,36,vacuum_cleaner,False,100210,A",
    "1-100210-B-36.wav,1,36,vacuum_cleaner,False,100210,B",
)
FOLDERS = ("audio", "meta")
HEADER = "filename,fold,target,category,esc10,src_file,take"


@pytest.fixture(scope="module")
def corpus():
    return corpus_spec("esc50")


@pytest.fixture
def write_list(tmp_path):
    """Writes meta/esc50.csv of some rows."""

    def write(*rows, header=HEADER):
        path = tmp_path / "meta" / "esc50.csv"
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join([header, *rows, ""]))
        return {"meta/esc50.csv": path}

    return write


@pytest.fixture
def directory(write_list, tmp_path):
    """The repository's layout with the four clips, Ogg Vorbis, WAV and FLAC among them."""
    write_list(*ROWS)
    (tmp_path / "audio").mkdir()
    rng = np.random.default_rng(0)
    for row, suffix in zip(ROWS, (".ogg", ".wav", ".flac", ".wav"), strict=True):
        clip = tmp_path / "audio" / Path(row.partition(",")[0]).with_suffix(suffix)
        soundfile.write(clip, 0.1 * rng.standard_normal(4410), 44_100)
    return tmp_path


def test_the_list_describes_a_clip(write_list):
    described = esc50.clip_descriptions(write_list(*ROWS))
    assert described.describe(PurePosixPath("audio/1-100210-B-36.flac")) == {
        "group": "100210",
        "event": "vacuum_cleaner",
        "fold": "1",
        "esc10": "False",
        "take": "B",
    }
    assert list(described.named) == [row.partition(".")[0] for row in ROWS]
    assert all(file.endswith("meta/esc50.csv") for file in described.named.values())


def test_a_clip_that_the_list_does_not_name_is_refused(write_list):
    described = esc50.clip_descriptions(write_list(*ROWS))
    with pytest.raises(ValueError, match=r"^bad name: 1-100032-B-0 is not in meta/esc50\.csv$"):
        described.describe(PurePosixPath("audio/1-100032-B-0.wav"))


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("1-100032-A-0.wav,2,0,dog,True,100032,A", "beside fold-src_file-take-target 2-100032-A-0"),
        ("1-100032-A-0.wav,1,0,dog,True,100033,A", "beside fold-src_file-take-target 1-100033-A-0"),
        ("1-100032-A-0.wav,1,0,dog,True,100032,B", "beside fold-src_file-take-target 1-100032-B-0"),
        ("1-100032-A-0.wav,1,1,rooster,True,100032,A", "beside .* 1-100032-A-1, expected the same"),
        ("1-100032-A-0.wav,1,0,cat,True,100032,A", "category 'cat', expected 'dog' for target 0"),
        ("1-100032-A-0.wav,1,0,dog,False,100032,A", "esc10 'False', expected True for dog"),
        ("1-100032-A-50.wav,1,50,dog,True,100032,A", "target 50, expected target 0 to 49"),
        ("6-100032-A-0.wav,6,0,dog,True,100032,A", "in fold 6, expected fold 1 to 5"),
        ("1-100032-A-0.wav,1,0,dog", "another number of columns, expected 7 columns"),
        ("1-100032-A-0.wav,1,0,dog,True,100032,A,x", "another number of columns, expected 7"),
        (ROWS[3], "1-100210-B-36 again, expected each clip once"),
    ],
)
def test_a_list_that_contradicts_itself(write_list, row, fault):
    with pytest.raises(DataError, match=rf"esc50\.csv, line 6: .*{fault}.*Restore upstream's"):
        esc50.clip_descriptions(write_list(*ROWS, row))


def test_another_file_is_no_list(write_list):
    with pytest.raises(DataError, match=r"esc50\.csv, line 1: columns '<html>', expected filename"):
        esc50.clip_descriptions(write_list("Please log in", header="<html>"))


def test_the_spec_has_upstreams_classes_and_counts(corpus):
    """Piczak (2015): 50 classes of 40 clips in 5 folds; 10 of them are ESC-10."""
    assert corpus.labels["event"] == esc50.EVENTS
    assert len(set(esc50.EVENTS)) == 50
    assert corpus.counts["event"] == dict.fromkeys(esc50.EVENTS, 40)
    assert {sum(counts.values()) for counts in corpus.counts.values()} == {2000}
    assert corpus.speakers is None


@pytest.mark.parametrize("unpacked", ["", "ESC-50/ESC-50-master"])
def test_audio_may_be_ogg_wav_or_flac_in_a_directory_or_unpacked(
    corpus, directory, tmp_path_factory, unpacked
):
    root = tmp_path_factory.mktemp("root")
    shutil.copytree(directory, root / unpacked, dirs_exist_ok=True)
    folders = ("ESC-50",) if unpacked else ("audio", "meta")
    manifest, rejected = index(root, corpus, folders)
    assert list(manifest.clip_id) == [row.partition(".")[0] for row in ROWS]
    assert {Path(path).suffix for path in manifest.path} == {".ogg", ".wav", ".flac"}
    assert list(manifest.columns[7:-1]) == ["speaker", "group", "event", "fold", "esc10", "take"]
    assert set(manifest.speaker) == {""}
    assert manifest.event[0] == "dog"
    assert len(rejected) == 0


def test_a_named_clip_that_is_missing(corpus, directory):
    (directory / "audio" / "1-100210-A-36.flac").unlink()
    listed = directory / "meta" / "esc50.csv"
    with pytest.raises(DataError) as caught:
        index(directory, corpus, FOLDERS)
    message = str(caught.value)
    assert message.startswith("corpus esc50: 1 of 4 clips that its lists name have no audio file")
    assert f"  - {listed} names 1-100210-A-36\n" in message
    assert "set corpora.esc50.partial: true" in message
    manifest, _ = index(directory, corpus, FOLDERS, partial=True)
    assert len(manifest) == 3


def test_a_directory_without_the_list(corpus, directory):
    (directory / "meta" / "esc50.csv").rename(directory / "meta" / "clips.csv")
    with pytest.raises(DataError, match=rf"{directory}: no meta/esc50\.csv in audio, meta"):
        index(directory, corpus, FOLDERS)


def test_a_directory_is_read_again_when_its_list_changes(corpus, directory):
    before = resolve_source(corpus, str(directory))
    assert (before.kind, before.present) == ("folders", ("ESC-50-master.zip",))
    (directory / "meta" / "esc50-human.xlsx").write_text("not read")
    assert resolve_source(corpus, str(directory)) == before
    listed = directory / "meta" / "esc50.csv"
    listed.write_text(listed.read_text() + "2-x-A-0.wav,2,0,dog,True,x,A\n")
    assert resolve_source(corpus, str(directory)).fingerprint != before.fingerprint


def test_a_directory_with_audio_alone_is_incomplete(corpus, directory):
    shutil.rmtree(directory / "meta")
    for partial in (False, True):
        with pytest.raises(DataError, match="expected the folders audio/, meta/ or the archives"):
            resolve_source(corpus, str(directory), partial=partial)


def test_the_parent_of_the_repository_is_told_where_it_lies(corpus, directory, tmp_path_factory):
    parent = tmp_path_factory.mktemp("parent")
    directory.rename(parent / "ESC-50-master")
    (parent / "audio").mkdir()
    advice = rf"seems to lie in {parent}/ESC-50-master: set corpora\.esc50\.source"
    with pytest.raises(DataError, match=advice):
        resolve_source(corpus, str(parent))


@pytest.fixture(scope="module")
def real_esc50():
    return real_corpus("esc50")


@pytest.fixture(scope="module")
def real_index(corpus, real_esc50, tmp_path_factory):
    output = tmp_path_factory.mktemp("real")
    return index(real_esc50, corpus, corpus.archives[0].folders, partial=True, output=output)


def test_upstreams_list_is_the_one_that_the_spec_expects(corpus, real_esc50):
    listed = real_esc50 / "meta" / "esc50.csv"
    (expected,) = corpus.archives[0].files_md5.values()
    assert hashlib.md5(listed.read_bytes()).hexdigest() == expected
    described = esc50.clip_descriptions({"meta/esc50.csv": listed})
    clips = [described.describe(PurePosixPath(clip_id)) for clip_id in described.named]
    assert len(clips) == 2000
    for column in ("event", "fold", "esc10"):
        assert Counter(clip[column] for clip in clips) == corpus.counts[column]
    with listed.open(newline="") as rows:
        assert {(row["target"], row["category"]) for row in csv.DictReader(rows)} == {
            (str(target), event) for target, event in enumerate(esc50.EVENTS)
        }


def test_the_real_slice_has_a_clip_of_each_class_and_fold(corpus, real_esc50, real_index):
    manifest, rejected = real_index
    source = resolve_source(corpus, str(real_esc50), partial=True)
    assert (source.kind, source.present) == ("folders", ("ESC-50-master.zip",))
    assert len(rejected) == 0
    assert len(manifest) == 250
    pairs = pd.MultiIndex.from_frame(manifest[["event", "fold"]])
    assert pairs.is_unique and len(pairs) == 50 * 5
    assert set(manifest.sample_rate) == {44_100}
    assert set(manifest.channels) == {1}
    assert set(manifest.duration_s) == {5.0}
    assert count_faults(manifest, rejected, corpus, partial=True) == []


def test_a_slice_that_is_not_called_partial(corpus, real_esc50, real_index, tmp_path):
    with pytest.raises(DataError, match="1750 of 2000 clips that its lists name have no audio"):
        index(real_esc50, corpus, FOLDERS, output=tmp_path)
    faults = count_faults(*real_index, corpus)
    assert "250 clips, upstream promises 2000" in faults
    assert "50 clips of fold 3, upstream promises 400" in faults
    assert not any("speakers" in fault for fault in faults)
