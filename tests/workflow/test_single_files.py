"""Corpora that upstream serves as single files, from a real server, up to their manifests."""

import io
import zipfile
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest

from archive_server import (
    ArchiveServer,
    Behaviour,
    dataverse_file,
    dataverse_layout,
    dataverse_list,
    file_table,
    lfs_pointer,
    media_layout,
)
from corpus_specs import corpus_spec
from retable.registry import TWINS, load
from retable.spec.corpus import Simulation

KEPT = {
    "tess": [{"word": ["back"]}, {"clip_id": ["YAF_neat_fear"]}],
    "crema_d": [{"sentence": ["MTI"], "speaker": ["1001", "1006"]}],
}
"""The clips of the twins: 2 speakers x 7 emotions and one, and 2 speakers x 6 emotions."""
ARCHIVES = {"tess": "TESS.zip", "crema_d": "CREMA-D.zip"}
TABLE = "workflow/corpora/crema_d-files.tsv"


def archive_of(corpus: str) -> str:
    return f"results/tiny/corpora/{corpus}/archives/{ARCHIVES[corpus]}"


def manifest_of(corpus: str) -> str:
    return f"results/tiny/corpora/{corpus}/manifest.tsv"


@pytest.fixture(scope="module")
def archives(tmp_path_factory) -> dict[str, bytes]:
    """Corpus -> the archive of its twin, which holds what upstream's files do."""
    folder = tmp_path_factory.mktemp("twins")
    made = {}
    for corpus, keep in KEPT.items():
        content = corpus_spec(corpus).simulation.model_dump() | {"keep": keep}
        simulation = Simulation.model_validate({**content, "duration_s": (0.3, 0.4)})
        path = folder / ARCHIVES[corpus]
        load(TWINS, corpus).simulate_archive(path.name, simulation, path)
        made[corpus] = path.read_bytes()
    return made


@pytest.fixture(scope="module")
def files(archives) -> dict[str, dict[str, bytes]]:
    """Corpus -> path -> content of its single files."""
    members = {}
    for corpus, content in archives.items():
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members[corpus] = {name: archive.read(name) for name in archive.namelist()}
    return members


@pytest.fixture
def server(files) -> Iterator[ArchiveServer]:
    """TESS as a Dataverse server has it, CREMA-D as GitHub's media host."""
    (archive,) = corpus_spec("tess").archives
    dataset = archive.single_files.persistent_id
    content = dataverse_layout(files["tess"], dataset) | media_layout(files["crema_d"], "media")
    with ArchiveServer(content) as running:
        yield running


@pytest.fixture
def config(project, server, files) -> dict[str, Any]:
    """Both corpora from that server; the project's table lists the files of the twin."""
    (project.path / TABLE).write_text(file_table(files["crema_d"]), encoding="utf-8")
    return {
        "papers": ["densenet_ser"],
        # The twins are small: without this they would be held against upstream's counts.
        "corpora": {
            "tess": {"source": server.root, "partial": True},
            "crema_d": {"source": server.address("media"), "partial": True},
        },
    }


def clips_in(project, corpus: str) -> pd.DataFrame:
    return pd.read_csv(project.path / manifest_of(corpus), sep="\t", dtype=str)


def test_single_files_are_fetched_packed_unpacked_and_indexed(
    project, server, config, archives, files
):
    targets = [manifest_of(corpus) for corpus in KEPT]
    result = project.run(*targets, config=config)
    assert result.rules == {"download": 2, "unpack": 2, "index": 2}
    assert "Toronto emotional speech set (TESS)" in result.output
    assert "single files, as many as upstream lists" in result.output
    assert "12 single files, about" in result.output
    # The twin writes the very archive that is made of its files.
    for corpus, content in archives.items():
        assert (project.path / archive_of(corpus)).read_bytes() == content
        assert not (project.path / f"{archive_of(corpus)}.files").exists()
    assert len(server.requests) == 1 + len(files["tess"]) + len(files["crema_d"])
    assert len(clips_in(project, "tess")) == 15
    assert len(clips_in(project, "crema_d")) == 12

    assert project.run(*targets, config=config).did_nothing


def test_what_arrived_before_a_failure_is_not_fetched_again(project, server, config, files):
    target = archive_of("tess")
    name = dataverse_file(3)
    server.behaviours[name] = [Behaviour(status=404)]
    result = project.run(target, config=config, check=False)
    assert result.returncode != 0 and "Traceback" not in result.output
    path = list(files["tess"])[3]
    for part in (
        "TESS.zip, which is made of single files, could not be fetched; tried:",
        f"1 of 15 files failed:\n      {path} ({server.address(name)}): HTTP 404 Not Found",
        f"Verified files that are kept in {target}.files: 14.",
        "Next: run the same command again (it fetches only what is missing).",
    ):
        assert part in result.output
    assert not (project.path / target).exists()

    server.behaviours.clear()
    server.requests.clear()
    project.run(target, config=config)
    dataset = corpus_spec("tess").archives[0].single_files.persistent_id
    assert [request.name for request in server.requests] == [dataverse_list(dataset), name]


def test_a_server_that_has_pointers_in_place_of_files(project, server, config, files):
    pointers = {path: lfs_pointer(content) for path, content in files["crema_d"].items()}
    server.files |= media_layout(pointers, "raw")
    config["corpora"]["crema_d"]["source"] = server.address("raw")
    result = project.run(archive_of("crema_d"), config=config, check=False)
    assert result.returncode != 0
    assert "it serves a Git LFS pointer" in result.output
    assert (
        "https://media.githubusercontent.com/media/<owner>/<repository>/<branch>" in result.output
    )


def test_another_table_or_address_makes_another_archive(project, server, config, files):
    target = archive_of("crema_d")
    project.run(target, config=config)
    assert project.run(target, config=config).did_nothing

    fewer = dict(list(files["crema_d"].items())[1:])
    (project.path / TABLE).write_text(file_table(fewer), encoding="utf-8")
    assert project.run(target, config=config).rules == {"download": 1}
    with zipfile.ZipFile(project.path / target) as archive:
        assert archive.namelist() == sorted(fewer)

    server.files |= media_layout(fewer, "other")
    config["corpora"]["crema_d"]["source"] = server.address("other")
    assert project.run(target, "-n", config=config).planned["download"] == 1


def test_a_table_that_is_missing_is_told_before_anything_runs(project, config):
    (project.path / TABLE).unlink()
    result = project.run(archive_of("crema_d"), "-n", config=config, check=False)
    assert result.returncode != 0
    assert "crema_d-files.tsv does not exist. Correct `single_files: table`" in result.output


def test_a_directory_with_the_archive_or_the_unpacked_files(project, config, archives, tmp_path):
    for corpus in KEPT:
        folder = tmp_path / corpus
        folder.mkdir()
        if corpus == "tess":
            with zipfile.ZipFile(io.BytesIO(archives[corpus])) as archive:
                archive.extractall(folder)
        else:
            (folder / ARCHIVES[corpus]).write_bytes(archives[corpus])
        config["corpora"][corpus]["source"] = str(folder)
    result = project.run(*map(manifest_of, KEPT), config=config)
    assert result.rules == {"download": 1, "unpack": 1, "index": 2}
    assert len(clips_in(project, "tess")) == 15
    assert len(clips_in(project, "crema_d")) == 12
