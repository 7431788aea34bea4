import os

import pytest

from imports import loaded_by
from retable.corpora.source import resolve_source
from retable.errors import DataError, MissingData
from retable.spec.corpus import SingleFiles

SPEECH, SONG = "Audio_Speech_Actors_01-24", "Audio_Song_Actors_01-24"


@pytest.fixture
def folders(tmp_path):
    """A directory with the unpacked archives, one (empty) clip in each."""
    root = tmp_path / "ravdess"
    for folder, channel in ((SPEECH, "01"), (SONG, "02")):
        actor = root / folder / "Actor_01"
        actor.mkdir(parents=True)
        (actor / f"03-{channel}-01-01-02-01-01.wav").write_bytes(b"")
    return root


def test_the_words(corpus):
    simulated = resolve_source(corpus, "simulated")
    assert simulated.kind == "simulated"
    upstream = resolve_source(corpus, "upstream")
    assert upstream.kind == "upstream"
    assert upstream.addresses(corpus.archives[0]) == corpus.archives[0].urls


def test_a_mirror_serves_the_archives_by_name(corpus):
    mirror = resolve_source(corpus, "https://mirror.example.org/audio/")
    assert mirror.kind == "mirror"
    assert mirror.addresses(corpus.archives[1]) == (
        "https://mirror.example.org/audio/Audio_Song_Actors_01-24.zip",
    )


def test_a_mirror_of_single_files_has_them_below_its_address(corpus):
    files = SingleFiles(persistent_id="doi:10.5683/SP2/TEST")
    archive = corpus.archives[0].model_copy(update={"single_files": files})
    mirror = resolve_source(corpus, "https://mirror.example.org/dataverse/")
    assert mirror.addresses(archive) == ("https://mirror.example.org/dataverse",)
    assert resolve_source(corpus, "upstream").addresses(archive) == archive.urls


def test_a_directory_with_the_folders(corpus, folders):
    source = resolve_source(corpus, str(folders))
    assert (source.kind, source.location) == ("folders", str(folders))
    assert source.present == tuple(archive.name for archive in corpus.archives)


def test_a_directory_with_the_archives(corpus, tmp_path):
    for archive in corpus.archives:
        (tmp_path / archive.name).write_bytes(b"")
    assert resolve_source(corpus, str(tmp_path)).kind == "archives"


def test_the_fingerprint_of_a_directory_follows_its_audio(corpus, folders):
    clip = folders / SPEECH / "Actor_01" / "03-01-01-01-02-01-01.wav"
    before = resolve_source(corpus, str(folders)).fingerprint
    (clip.parent / "notes.txt").write_text("no audio")
    (clip.parent / ".hidden.wav").write_text("no audio")
    assert resolve_source(corpus, str(folders)).fingerprint == before
    status = clip.stat()
    os.utime(clip, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    touched = resolve_source(corpus, str(folders)).fingerprint
    clip.rename(clip.with_name("03-01-01-01-02-02-01.wav"))
    renamed = resolve_source(corpus, str(folders)).fingerprint
    assert len({before, touched, renamed}) == 3


def test_a_loop_of_symbolic_links_ends(corpus, folders):
    (folders / SPEECH / "Actor_02").symlink_to(folders / SPEECH)
    assert resolve_source(corpus, str(folders)).kind == "folders"


def test_a_part_needs_to_be_called_partial(corpus, folders):
    for clip in (folders / SONG).rglob("*.wav"):
        clip.unlink()
    (folders / SONG / "Actor_01").rmdir()
    (folders / SONG).rmdir()
    with pytest.raises(DataError, match=rf"holds {SPEECH}, but not {SONG}.*partial: true"):
        resolve_source(corpus, str(folders))
    source = resolve_source(corpus, str(folders), partial=True)
    assert source.present == (f"{SPEECH}.zip",)


@pytest.mark.parametrize(
    ("word", "hint"), [("upstraem", "'upstream'"), ("simulate", "'simulated'")]
)
def test_an_unknown_word_gets_its_nearest(corpus, word, hint):
    with pytest.raises(
        DataError, match=f"'{word}' is no source of corpus ravdess: did you mean {hint}"
    ):
        resolve_source(corpus, word)


def test_an_address_of_another_kind(corpus):
    with pytest.raises(DataError, match=r"ftp://host/ravdess.*expected http:// or https://"):
        resolve_source(corpus, "ftp://host/ravdess")


def test_a_missing_directory(corpus, folders):
    with pytest.raises(DataError, match=rf"does not exist.*{folders}, holds {SONG}/, {SPEECH}/"):
        resolve_source(corpus, str(folders / "Ravdess"))


def test_a_file_instead_of_a_directory(corpus, tmp_path):
    archive = tmp_path / f"{SPEECH}.zip"
    archive.write_bytes(b"")
    with pytest.raises(DataError, match=rf"is a file, expected a directory.*{tmp_path}$"):
        resolve_source(corpus, str(archive))


def test_a_directory_of_another_corpus(corpus, tmp_path):
    other = tmp_path / "esc50"
    (other / "audio").mkdir(parents=True)
    (other / "meta").mkdir()
    expected = rf"expected the folders {SPEECH}/.*it holds audio/, meta/\."
    with pytest.raises(DataError, match=expected):
        resolve_source(corpus, str(other))


def test_a_level_too_high_or_too_low(corpus, folders):
    advice = rf"seems to lie in {folders}: set corpora\.ravdess\.source"
    for wrong in (folders.parent, folders / SPEECH, folders / SPEECH / "Actor_01"):
        with pytest.raises(DataError, match=advice):
            resolve_source(corpus, str(wrong))


def test_folders_without_audio(corpus, folders):
    for clip in folders.rglob("*.wav"):
        clip.unlink()
    with pytest.raises(DataError, match="hold no audio file"):
        resolve_source(corpus, str(folders))


@pytest.fixture
def parts(corpus):
    """A corpus whose archives are four pieces of one folder, and of which one is not needed."""
    contents = (("lists.txt",), ("audio",), ("audio",), ())
    archives = [
        corpus.archives[0].model_copy(
            update={"name": f"part{number}.zip", "unpack_to": f"part{number}", "folders": folders}
        )
        for number, folders in enumerate(contents)
    ]
    return corpus.model_copy(update={"archives": tuple(archives)})


def test_a_directory_holds_what_archives_leave_not_their_own_folders(parts, tmp_path):
    (tmp_path / "audio").mkdir()
    (tmp_path / "audio" / "clip.wav").write_bytes(b"")
    expected = r"it holds audio, but not lists\.txt"
    with pytest.raises(DataError, match=expected):
        resolve_source(parts, str(tmp_path))
    part = resolve_source(parts, str(tmp_path), partial=True)
    assert part.present == ("part1.zip", "part2.zip", "part3.zip")
    (tmp_path / "lists.txt").write_text("clip")
    whole = resolve_source(parts, str(tmp_path))
    assert (whole.kind, len(whole.present)) == ("folders", 4)


def test_an_archive_of_which_nothing_is_needed_makes_no_corpus(parts, tmp_path):
    for partial in (True, False):
        with pytest.raises(DataError, match=r"expected the folders lists\.txt, audio/ or the arch"):
            resolve_source(parts, str(tmp_path), partial=partial)


def test_every_archive_may_be_there_in_another_releases_layout(parts, tmp_path):
    other = {"other_folders": (("sound", "lists.txt"),)}
    archives = (parts.archives[0], parts.archives[1].model_copy(update=other))
    corpus = parts.model_copy(update={"archives": archives})
    (tmp_path / "lists.txt").write_text("clip")
    (tmp_path / "sound").mkdir()
    (tmp_path / "sound" / "clip.wav").write_bytes(b"")
    old = resolve_source(corpus, str(tmp_path))
    assert old.folders == ("lists.txt", "sound")
    assert old.present == ("part0.zip", "part1.zip")
    (tmp_path / "lists.txt").unlink()
    expected = r"lists\.txt, audio/ or sound/, lists\.txt or the archives part0\.zip, part1\.zip;"
    with pytest.raises(DataError, match=expected):
        resolve_source(corpus, str(tmp_path))
    # What is missing is named as the archive itself has it.
    (tmp_path / "lists.txt").write_text("clip")
    (tmp_path / "sound" / "clip.wav").unlink()
    (tmp_path / "sound").rmdir()
    with pytest.raises(DataError, match=r"holds lists\.txt, but not audio\."):
        resolve_source(corpus, str(tmp_path))


def test_the_fingerprint_follows_the_needed_files_alone(corpus, folders):
    only = (f"{SPEECH}/*/*.wav",)
    before = resolve_source(corpus, str(folders), only=only)
    assert before.only == only
    (folders / SONG / "Actor_01" / "03-02-01-01-02-02-01.wav").write_bytes(b"")
    assert resolve_source(corpus, str(folders), only=only) == before
    (folders / SPEECH / "Actor_01" / "03-01-01-01-02-02-01.wav").write_bytes(b"")
    assert resolve_source(corpus, str(folders), only=only).fingerprint != before.fingerprint


def test_every_kind_of_source_knows_what_is_needed(corpus):
    for text in ("simulated", "upstream", "https://mirror.example.org/audio"):
        assert resolve_source(corpus, text, only=["*/a.wav"]).only == ("*/a.wav",)
        assert resolve_source(corpus, text).only == ()


@pytest.fixture
def requested(corpus):
    """A corpus that is not to be had without asking, and whose archive has no checksum."""
    archive = corpus.archives[0].model_copy(
        update={"name": "voices.tar.gz", "md5": None, "checksum_published": False}
    )
    update = {"archives": (archive,), "request": "its authors (voices.example.org)"}
    return corpus.model_copy(update=update)


def test_a_corpus_that_must_be_asked_for_is_not_downloaded(requested):
    with pytest.raises(MissingData) as caught:
        resolve_source(requested, "upstream")
    message = str(caught.value)
    assert message.startswith("corpus ravdess is not downloaded without permission. ")
    assert "Ask its authors (voices.example.org) for it" in message
    assert "set corpora.ravdess.source in config.yaml to the directory" in message
    assert f"holds the folders {SPEECH}/ or the archives voices.tar.gz" in message
    assert "`source: /path/to/directory`" in message


def test_a_corpus_that_must_be_asked_for_is_read_from_where_it_is(requested, folders, tmp_path):
    assert resolve_source(requested, "simulated").kind == "simulated"
    assert resolve_source(requested, "https://intranet.example.org/voices").kind == "mirror"
    assert resolve_source(requested, str(folders)).kind == "folders"
    (tmp_path / "voices.tar.gz").write_bytes(b"")
    assert resolve_source(requested, str(tmp_path)).kind == "archives"


def test_planning_imports_neither_pandas_nor_a_decoder():
    loaded = loaded_by(
        "import retable.corpora.file_lists, retable.corpora.source; "
        "from retable.registry import CORPORA, load; "
        "[load(CORPORA, name).METADATA for name in CORPORA]"
    )
    assert "retable.corpora.vctk" in loaded
    assert not loaded & {"pandas", "soundfile", "numpy", "requests", "torch"}
