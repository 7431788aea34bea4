import shutil
from pathlib import PurePosixPath

import numpy as np
import pytest
import soundfile
from job_index import index

from corpus_specs import corpus_spec
from retable.corpora import utpodcast
from retable.corpora.counts import count_faults
from retable.corpora.index import read_manifest
from retable.corpora.source import resolve_source
from retable.corpora.tables import write_dataset
from retable.errors import DataError

# Two podcasts an accent; the first lies on both sides of upstream's division.
CLIPS = (
    "train/AU/AU-301__40.wav",
    "test/AU/AU-301__41.wav",
    "train/AU/AU-302__01.wav",
    "train/UK/UK-17_1__18.wav",
    "test/UK/UK-18_1__02.wav",
    "train/US/US-123_1__50.wav",
    "test/US/US-124_1__03.wav",
)


@pytest.fixture(scope="module")
def corpus():
    return corpus_spec("utpodcast")


def write_clip(path, sample_rate=8_000):
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = 0.1 * np.random.default_rng(len(str(path))).standard_normal(800)
    soundfile.write(path, noise, sample_rate, subtype="PCM_16")


@pytest.fixture
def directory(tmp_path):
    """A few clips in upstream's layout, beside its transcripts."""
    for clip in CLIPS:
        write_clip(tmp_path / "audio" / clip)
        text = tmp_path / "text" / clip.replace(".wav", ".txt")
        text.parent.mkdir(parents=True, exist_ok=True)
        text.write_text("good evening\n")
    return tmp_path


def select(root, corpus):
    """The dataset `all`, as the job of a corpus that is complete writes it."""
    output = root / "utpodcast-all.tsv"
    classes = {task: list(names) for task, names in corpus.classes("all").items()}
    indexed = [root / "manifest.tsv", root / "rejected.tsv"]
    rejected = output.with_stem("utpodcast-all-rejected")
    write_dataset(*indexed, corpus.datasets["all"], classes, output, rejected)
    return read_manifest(output)


@pytest.mark.parametrize(
    ("path", "group", "accent", "partition", "segment"),
    [
        ("audio/train/AU/AU-301__40.wav", "AU-301", "AU", "train", "40"),
        ("UK-17_1__18.wav", "UK-17", "UK", "test", "18"),
        # A name that says nothing of its accent: the folder does.
        ("evening_news__7.wav", "evening_news", "US", "train", "7"),
        ("a__b__003.flac", "a__b", "US", "test", "003"),
    ],
)
@pytest.mark.parametrize("top", ["audio", "UT-Podcast/audio", "UT-Podcast/UT-Podcast/audio"])
def test_name_and_folders_describe_a_clip(top, path, group, accent, partition, segment):
    clip = PurePosixPath(top, partition, accent, PurePosixPath(path).name)
    assert utpodcast.describe_clip(clip) == {
        "speaker": "",
        "group": group,
        "accent": accent,
        "partition": partition,
        "segment": segment,
    }


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("audio/train/AU/AU-301_40.wav", r"AU-301_40, expected podcast__segment \(AU-301__40\)"),
        ("audio/train/AU/AU-301__.wav", "AU-301__, expected podcast__segment"),
        ("audio/train/AU/__40.wav", "__40, expected podcast__segment"),
        ("audio/train/AU/AU-301__4b.wav", "AU-301__4b, expected podcast__segment"),
        ("audio/train/NZ/NZ-1__40.wav", "NZ-1__40 in folder train/NZ, .* in it AU, UK, US"),
        ("audio/valid/AU/AU-301__40.wav", "in folder valid/AU, expected train or test"),
        ("audio/AU/train/AU-301__40.wav", "in folder AU/train, expected train or test"),
        ("AU/AU-301__40.wav", "in folder /AU, expected train or test"),
        ("AU-301__40.wav", "in folder /, expected train or test"),
    ],
)
def test_another_name_or_folder_is_refused(path, fault):
    with pytest.raises(ValueError, match=rf"^bad name: .*{fault}"):
        utpodcast.describe_clip(PurePosixPath(path))


def test_the_spec_has_the_classes_and_counts_of_upstream(corpus):
    """Train AU 449, UK 246, US 406; test AU 332, UK 89, US 240."""
    assert corpus.labels["accent"] == utpodcast.ACCENTS
    assert corpus.counts == {
        "clips": {"all": 1762},
        "accent": {"AU": 449 + 332, "UK": 246 + 89, "US": 406 + 240},
        "partition": {"train": 449 + 246 + 406, "test": 332 + 89 + 240},
    }
    # 30 % of 335, as the rows of Tables 5 and 6 of Lu et al. (2020) have it; Table 1 says 579.
    assert round(0.3 * corpus.counts["accent"]["UK"]) == 100
    assert corpus.sample_rate == utpodcast.SAMPLE_RATE
    assert corpus.speakers is None
    assert corpus.request


@pytest.mark.parametrize("top", ["", "UT-Podcast", "UT-Podcast/UT-Podcast"])
def test_a_directory_and_an_unpacked_archive_are_indexed(corpus, directory, tmp_path_factory, top):
    root = tmp_path_factory.mktemp("root")
    shutil.copytree(directory, root / top, dirs_exist_ok=True)
    manifest, rejected = index(root, corpus, ["UT-Podcast" if top else "audio"])
    assert len(rejected) == 0
    assert list(manifest["clip_id"]) == sorted(PurePosixPath(clip).stem for clip in CLIPS)
    assert list(manifest.columns[7:-1]) == ["speaker", "group", "accent", "partition", "segment"]
    assert dict(manifest.groupby("accent")["group"].nunique()) == {"AU": 2, "UK": 2, "US": 2}
    assert count_faults(manifest, rejected, corpus, partial=True) == []
    assert "7 clips, upstream promises 1762" in count_faults(manifest, rejected, corpus)
    assert list(select(root, corpus)["clip_id"]) == list(manifest["clip_id"])


def test_a_directory_is_known_by_its_audio(corpus, directory):
    source = resolve_source(corpus, str(directory))
    assert (source.kind, source.present) == ("folders", ("UT-Podcast.tar.gz",))
    directory.rename(directory.parent / "UT-Podcast")
    with pytest.raises(DataError, match=r"seems to lie in .*/UT-Podcast: set corpora\.utpodcast"):
        resolve_source(corpus, str(directory.parent))


def test_a_podcast_in_two_accents(corpus, directory):
    write_clip(directory / "audio/test/UK/AU-301__42.wav")
    with pytest.raises(DataError) as caught:
        index(directory, corpus, ["audio"])
    message = str(caught.value)
    for part in (
        "corpus utpodcast: 1 of 6 groups have clips of more than one accent:",
        "  - AU-301: AU (audio/train/AU/AU-301__40.wav, audio/test/AU/AU-301__41.wav), "
        "UK (audio/test/UK/AU-301__42.wav)\n",
        "Restore upstream's; where these are upstream's, take accent out of same_in_group.",
    ):
        assert part in message
    assert not (directory / "manifest.tsv").exists()
    lenient = corpus.model_copy(update={"same_in_group": ()})
    assert len(index(directory, lenient, ["audio"])[0]) == 8


def test_an_accent_without_clips(corpus, directory):
    shutil.rmtree(directory / "audio/train/UK")
    shutil.rmtree(directory / "audio/test/UK")
    index(directory, corpus, ["audio"])
    with pytest.raises(DataError) as caught:
        select(directory, corpus)
    message = str(caught.value)
    assert f"{directory}/utpodcast-all.tsv, cut from {directory}/manifest.tsv: its 5" in message
    assert "  - accent: no clip of 'UK', only 'AU' 3, 'US' 2\n" in message
    assert not (directory / "utpodcast-all.tsv").exists()


def test_clips_of_another_rate_or_in_another_folder_are_too_many(corpus, directory):
    write_clip(directory / "audio/train/AU/AU-303__01.wav", sample_rate=16_000)
    write_clip(directory / "audio/train/NZ/NZ-1__01.wav")
    with pytest.raises(DataError) as caught:
        index(directory, corpus, ["audio"])
    message = str(caught.value)
    assert "2 of 9 clips rejected, at most 1.00% may be" in message
    assert "AU-303__01.wav: wrong rate: 16000 Hz, expected 8000 Hz" in message
    assert "NZ-1__01.wav: bad name: NZ-1__01 in folder train/NZ, expected train or test" in message
