"""Archives from each kind of source, and what is said before they are fetched."""

import hashlib
import logging

import pytest

from archive_server import file_table, media_layout
from corpus_specs import CORPORA, corpus_spec
from retable.corpora.fetch import announce, fetch_archive
from retable.corpora.source import resolve_source
from retable.errors import DownloadError
from retable.spec.corpus import SingleFiles

NAME = "EMOTIONS.zip"
FILES = {"AudioWAV/1001_IEO_ANG_HI.wav": b"angry", "AudioWAV/1002 #1.wav": b"happy"}


def with_archive(corpus, **fields):
    """The corpus and its archive, some fields of which are others."""
    archive = corpus.archives[0].model_copy(update=fields)
    return corpus.model_copy(update={"archives": (archive,)}), archive


@pytest.fixture
def tables(tmp_path):
    """The folder with the table of all files."""
    folder = tmp_path / "tables"
    folder.mkdir()
    (folder / "files.tsv").write_text(file_table(FILES), encoding="utf-8")
    return folder


@pytest.fixture
def emotions(archive_server):
    """A corpus whose only archive is made of the files of the table."""
    archive_server.files |= media_layout(FILES, "master")
    return with_archive(
        corpus_spec("crema_d"),
        name=NAME,
        urls=(archive_server.address("master"),),
        single_files=SingleFiles(table="files.tsv"),
        bytes=300_000,
    )


def test_each_source_brings_an_archive(archive_server, corpus, short_archive, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    content, name = short_archive.read_bytes(), short_archive.name
    archive_server.files |= {name: content, f"pub/{name}": content}
    corpus, archive = with_archive(
        corpus,
        urls=(archive_server.address(name),),
        bytes=len(content),
        md5=hashlib.md5(content).hexdigest(),
    )
    sources = ("upstream", archive_server.address("pub"), str(short_archive.parent))
    for number, source in enumerate(sources):
        target = tmp_path / str(number) / name
        fetch_archive(corpus, archive, resolve_source(corpus, source), target, CORPORA)
        assert target.read_bytes() == content
    assert [request.name for request in archive_server.requests] == [name, f"pub/{name}"]
    assert target.readlink() == short_archive
    assert caplog.text.count("licence: CC BY-NC-SA 4.0") == 3


def test_each_source_brings_an_archive_of_single_files(
    archive_server, emotions, tables, tmp_path, caplog
):
    caplog.set_level(logging.INFO)
    corpus, archive = emotions
    made = tmp_path / "made" / NAME
    mirror = resolve_source(corpus, archive_server.address("master/"))
    fetch_archive(corpus, archive, mirror, made, tables)
    assert "2 single files, about 0 MB in all\n  licence: ODbL" in caplog.text

    again = tmp_path / "again" / NAME
    fetch_archive(corpus, archive, resolve_source(corpus, "upstream"), again, tables)
    assert again.read_bytes() == made.read_bytes()

    directory = resolve_source(corpus, str(made.parent))
    assert directory.kind == "archives"
    link = tmp_path / "linked" / NAME
    fetch_archive(corpus, archive, directory, link, tables)
    assert link.readlink() == made


def test_a_message_names_the_key_of_the_source(archive_server, corpus, emotions, tables, tmp_path):
    archive = corpus.archives[0]
    mirror = resolve_source(corpus, archive_server.address("empty"))
    with pytest.raises(DownloadError, match=r"set corpora\.ravdess\.source in config\.yaml to the"):
        fetch_archive(corpus, archive, mirror, tmp_path / "copy.zip", CORPORA)

    corpus, archive = emotions
    mirror = resolve_source(corpus, archive_server.address("empty"))
    with pytest.raises(DownloadError, match=r"set corpora\.crema_d\.source in config\.yaml to the"):
        fetch_archive(corpus, archive, mirror, tmp_path / "copy.zip", tables)

    (tmp_path / NAME).write_bytes(b"PK no more")
    directory = resolve_source(corpus, str(tmp_path))
    with pytest.raises(DownloadError) as caught:
        fetch_archive(corpus, archive, directory, tmp_path / "copy.zip", tables)
    assert str(caught.value) == (
        f"{tmp_path / NAME}: its directory cannot be read (File is not a zip file). It is damaged "
        "or another file: set corpora.crema_d.source to `upstream`, which makes it anew."
    )


def test_the_licence_and_the_citation_are_shown(corpus, caplog):
    caplog.set_level(logging.INFO)
    announce(corpus, CORPORA)
    assert "licence: CC BY-NC-SA 4.0" in caplog.text
    assert "PLoS ONE 13(5): e0196391" in caplog.text
    assert "2 archives, 434 MB" in caplog.text


def test_how_many_files_are_to_be_downloaded_is_said(caplog):
    caplog.set_level(logging.INFO)
    announce(corpus_spec("crema_d"), CORPORA)
    assert "7,442 single files, about 607 MB in all" in caplog.text
    announce(corpus_spec("tess"), CORPORA)
    assert "single files, as many as upstream lists, about 283 MB in all" in caplog.text


def test_whom_to_ask_for_a_corpus_is_shown(caplog):
    caplog.set_level(logging.INFO)
    announce(corpus_spec("utpodcast"), CORPORA)
    assert "1 archive, about 500 MB in all" in caplog.text
    assert "licence: by request, research\n  given out on request: ask the Center" in caplog.text
