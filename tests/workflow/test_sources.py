"""Every source that `corpora.<corpus>.source` can name, through the real workflow.

Upstream is a real server on 127.0.0.1 that publishes the simulated archives, so that what comes
out can be held against a build of the same clips from `source: simulated`.
"""

import hashlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from archive_server import ArchiveServer, Behaviour, Request
from real_corpora import real_corpus
from retable.download.request import CHUNK
from tiny_archives import (
    CLIPS,
    SONG,
    SPEECH,
    Archives,
    simulate_tiny_archives,
    source_config,
    write_archives,
    write_folders,
)

ARCHIVES = "results/tiny/corpora/ravdess/archives"
MANIFEST = "results/tiny/corpora/ravdess/manifest.tsv"
SPEECH_ARCHIVE = f"{ARCHIVES}/{SPEECH}.zip"
CUT = 2 * CHUNK
PATIENCE_S = 60
"""How long a test waits for what must happen; far more than it takes."""


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Archives:
    return simulate_tiny_archives(tmp_path_factory.mktemp("upstream"))


@pytest.fixture
def upstream(archives: Archives) -> Iterator[ArchiveServer]:
    """A server that publishes both archives at its root."""
    with ArchiveServer(dict(archives)) as server:
        yield server


@pytest.fixture
def config(upstream: ArchiveServer, archives: Archives) -> dict[str, Any]:
    """Configuration that downloads from that server."""
    return source_config("upstream", archives, urls=[f"{upstream.root}/{{name}}"])


@pytest.fixture(scope="session")
def simulated(first_build) -> Path:
    """Results of the same clips with `source: simulated`."""
    return first_build[0].results


def requests_of(server: ArchiveServer, name: str) -> list[Request]:
    return [request for request in server.requests if request.name == name]


def read_table(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)


def listing(folder: Path) -> dict[str, tuple[int, int]]:
    """Path -> size and modification time of everything in a folder."""
    return {
        str(path.relative_to(folder)): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
    }


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"not within {PATIENCE_S} s"
        time.sleep(0.05)


def test_a_downloaded_corpus_gives_the_numbers_of_the_simulated_one(
    project, upstream, archives, config, simulated
):
    table = "results/tiny/tables/gresnets/table2.tsv"
    result = project.run("data", table, config=config)
    assert result.rules["download"] == 2
    assert "simulate" not in result.rules
    assert sorted(request.name for request in upstream.requests) == sorted(archives)
    # Who downloads is told what, under which licence, and whom to cite.
    assert "licence: CC BY-NC-SA 4.0" in result.output
    assert "please cite: Livingstone" in result.output

    for name in ("corpora/ravdess/manifest.tsv", "datasets/ravdess-dogs.tsv"):
        assert (project.results / name).read_bytes() == (simulated / name).read_bytes()
    built = read_table(project.path / table)
    reference = read_table(simulated / "tables/gresnets/table2.tsv")
    assert (built["reproduced"] != "").all()
    assert built["reproduced"].tolist() == reference["reproduced"].tolist()
    # Only simulated audio is kept from being compared with the paper.
    assert set(reference["verdict"]) == {"not comparable"}
    assert not built["verdict"].str.startswith("not comparable").any()
    marked = [
        "simulated audio" in (results / "tables/gresnets/table2.md").read_text(encoding="utf-8")
        for results in (project.results, simulated)
    ]
    assert marked == [False, True]

    assert project.run("data", table, config=config).did_nothing


def test_a_broken_download_goes_on_where_it_stopped(project, upstream, config, archives):
    name = f"{SPEECH}.zip"
    upstream.behaviours[name] = [Behaviour(cut_after=CUT), Behaviour()]
    project.run(SPEECH_ARCHIVE, config=config)
    assert (project.path / SPEECH_ARCHIVE).read_bytes() == archives[name]
    assert [r.headers.get("Range") for r in requests_of(upstream, name)] == [None, f"bytes={CUT}-"]


def test_a_killed_download_is_resumed_by_the_next_call(project, upstream, config, archives):
    name = f"{SPEECH}.zip"
    # Broken off once, then told to wait for longer than this test: killed in the meantime.
    upstream.behaviours[name] = [
        Behaviour(cut_after=CUT),
        Behaviour(status=429, headers={"Retry-After": "600"}),
    ]
    process = project.start(SPEECH_ARCHIVE, config=config)
    try:
        wait_until(lambda: len(upstream.requests) == 2)
        os.killpg(process.pid, signal.SIGTERM)
        process.communicate(timeout=PATIENCE_S)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode != 0
    assert not (project.path / SPEECH_ARCHIVE).exists()

    del upstream.behaviours[name]
    project.run(SPEECH_ARCHIVE, config=config)
    assert (project.path / SPEECH_ARCHIVE).read_bytes() == archives[name]
    assert len(upstream.requests) == 3
    assert upstream.requests[-1].headers["Range"] == f"bytes={CUT}-"
    assert files_in(project.path / ARCHIVES) == [name, f"{name}.sha256"]


def test_a_rate_limit_is_waited_out_as_the_server_asks(project, upstream, config):
    name = f"{SPEECH}.zip"
    upstream.behaviours[name] = [Behaviour(status=429, headers={"Retry-After": "3"}), Behaviour()]
    project.run(SPEECH_ARCHIVE, config=config)
    assert len(upstream.requests) == 2
    log = (project.results / "logs" / "download" / "ravdess" / f"{name}.log").read_text()
    refused, verified = (
        datetime.fromisoformat(next(line for line in log.splitlines() if words in line)[:23])
        for words in ("HTTP 429 Too Many Requests; trying again in 3 s", "checksum verified")
    )
    assert (verified - refused).total_seconds() >= 3


def test_a_dead_link_leads_to_the_next_address(project, upstream, archives):
    config = source_config(
        "upstream",
        archives,
        urls=[f"{upstream.root}/moved/{{name}}", f"{upstream.root}/{{name}}"],
    )
    result = project.run(SPEECH_ARCHIVE, config=config)
    assert f"{upstream.root}/moved/{SPEECH}.zip: HTTP 404 Not Found" in result.output
    assert [r.name for r in upstream.requests] == [f"moved/{SPEECH}.zip", f"{SPEECH}.zip"]


def test_a_mirror_is_asked_in_place_of_upstream(project, archives):
    content = {f"pub/ravdess/{name}": archives[name] for name in archives}
    with ArchiveServer(content) as mirror:
        config = source_config(f"{mirror.root}/pub/ravdess", archives)
        project.run(SPEECH_ARCHIVE, config=config)
    assert [request.name for request in mirror.requests] == [f"pub/ravdess/{SPEECH}.zip"]
    assert (project.path / SPEECH_ARCHIVE).read_bytes() == archives[f"{SPEECH}.zip"]


def test_wrong_bytes_fail_the_job_and_leave_nothing(project, upstream, archives, config):
    name = f"{SPEECH}.zip"
    wrong = bytes(len(archives[name]))
    upstream.files[name] = wrong
    result = project.run(MANIFEST, config=config, check=False)
    assert result.returncode != 0
    assert "Traceback" not in result.output
    for part in (
        f"{name} could not be downloaded to {SPEECH_ARCHIVE}; tried:",
        f"{upstream.address(name)}: its md5 is {hashlib.md5(wrong).hexdigest()}",
        f"expected: {len(wrong)} bytes, md5 {hashlib.md5(archives[name]).hexdigest()}",
        "Next: run the same command again",
    ):
        assert part in result.output
    assert files_in(project.path / ARCHIVES) == [f"{SONG}.zip", f"{SONG}.zip.sha256"]

    # Once upstream is in order, the archive that arrived well is not fetched again.
    upstream.files[name] = archives[name]
    assert project.run(MANIFEST, config=config).wildcards("download", "archive") == {name}


def test_a_directory_of_archives_is_left_as_it_is(project, archives, simulated, tmp_path):
    downloads = write_archives(archives, tmp_path / "downloads")
    before = listing(downloads)
    project.run(MANIFEST, config=source_config(downloads, archives))
    reference = simulated / "corpora/ravdess/manifest.tsv"
    assert (project.path / MANIFEST).read_bytes() == reference.read_bytes()
    assert listing(downloads) == before


def test_a_directory_of_folders_is_read_in_place(project, archives, simulated, tmp_path):
    corpus = write_folders(archives, tmp_path / "corpus")
    before = listing(corpus)
    audio = "results/tiny/audio/ravdess-dogs/48000-mono/shard000.npy"
    config = source_config(corpus, archives)
    result = project.run(MANIFEST, audio, config=config)
    assert result.rules == {"index": 1, "select_dataset": 1, "resample": 1}
    reference = simulated / "corpora/ravdess/manifest.tsv"
    assert (project.path / MANIFEST).read_bytes() == reference.read_bytes()
    assert (project.path / audio).read_bytes() == (
        simulated / "audio/ravdess-dogs/48000-mono/shard000.npy"
    ).read_bytes()
    assert listing(corpus) == before
    assert not list((project.path / "results").rglob("*.wav"))

    # A clip that is replaced is read again; one that is only read stays as it is.
    clip = corpus / read_table(project.path / MANIFEST)["path"][0]
    other = corpus / read_table(project.path / MANIFEST)["path"][1]
    clip.write_bytes(other.read_bytes())
    assert project.run(MANIFEST, config=config).rules == {"index": 1}
    checksums = read_table(project.path / MANIFEST)["sha256"]
    assert checksums[0] == checksums[1]


@pytest.mark.parametrize("write", [write_archives, write_folders])
def test_a_part_of_the_corpus_is_enough_when_it_is_called_partial(
    project, archives, tmp_path, write
):
    corpus = write({f"{SPEECH}.zip": archives[f"{SPEECH}.zip"]}, tmp_path / "corpus")
    refused = project.run(MANIFEST, config=source_config(corpus, archives), check=False)
    assert refused.returncode != 0
    assert f"{corpus}: corpus ravdess is incomplete there" in refused.output
    assert f"but not {SONG}" in refused.output
    assert "set corpora.ravdess.partial: true" in refused.output

    project.run(MANIFEST, config=source_config(corpus, archives, partial=True))
    manifest = read_table(project.path / MANIFEST)
    assert len(manifest) == CLIPS[SPEECH]
    assert set(manifest["speech_song"]) == {"speech"}


def test_a_source_that_shrinks_takes_its_clips_along(project, archives, tmp_path):
    corpus = write_archives(archives, tmp_path / "downloads")
    config = source_config(corpus, archives, partial=True)
    project.run(MANIFEST, config=config)
    assert len(read_table(project.path / MANIFEST)) == CLIPS[SPEECH] + CLIPS[SONG]

    (corpus / f"{SONG}.zip").unlink()
    project.run(MANIFEST, config=config)
    assert len(read_table(project.path / MANIFEST)) == CLIPS[SPEECH]


@pytest.fixture
def real_ravdess() -> Path:
    """A slice of the real corpus: "Dogs are sitting by the door", strong intensity and neutral."""
    return real_corpus("ravdess")


def test_a_table_of_real_clips(project, real_ravdess):
    config = {"corpora": {"ravdess": {"source": str(real_ravdess), "partial": True}}}
    tables = "results/tiny/tables/gresnets"
    project.run("data", f"{tables}/table2.tsv", config=config)

    manifest = read_table(project.path / MANIFEST)
    # 24 actors speak 8 emotions and 23 sing 6, twice each.
    assert len(manifest) == 2 * (24 * 8 + 23 * 6) == 660
    assert manifest["speaker"].nunique() == 24
    assert set(manifest["sample_rate"]) == {"48000"}
    assert read_table(project.results / "corpora/ravdess/rejected.tsv").empty
    assert len(read_table(project.results / "datasets/ravdess-dogs.tsv")) == 330

    table = read_table(project.path / tables / "table2.tsv")
    assert set(table["verdict"]) == {"not comparable (partial corpus)"}
    markdown = (project.path / tables / "table2.md").read_text(encoding="utf-8")
    assert "partial corpus: not comparable with the paper" in markdown
    assert "simulated audio" not in markdown
