"""What a user reads when something is wrong, from the real `snakemake` call.

Every message names the file or key, the value, what was expected and what to do; nothing starts
on a faulty configuration, and what was computed before stays.
"""

import csv
import io
import re
import wave
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tiny_archives import (
    CLIPS,
    SPEECH,
    Archives,
    simulate_tiny_archives,
    source_config,
    write_archives,
    write_folders,
)

ARCHIVE = f"{SPEECH}.zip"
SPEECH_ARCHIVE = f"results/tiny/corpora/ravdess/archives/{ARCHIVE}"
SPEECH_FOLDER = f"results/tiny/corpora/ravdess/clips/{SPEECH}"
MANIFEST = "results/tiny/corpora/ravdess/manifest.tsv"
PAPER = "workflow/papers/gresnets/paper.yaml"
CLIP = f"{SPEECH}/Actor_03/03-01-04-02-02-01-03.wav"
"""A sad clip of actor 03."""


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Archives:
    return simulate_tiny_archives(tmp_path_factory.mktemp("upstream"))


def refused(project, *arguments: str, config: Mapping[str, Any] | None = None) -> str:
    """What Snakemake prints of a configuration that it refuses, before any job."""
    result = project.run(*arguments, config=config, check=False)
    assert result.returncode != 0, result.output
    assert "Traceback" not in result.output
    assert "Job stats" not in result.output
    return result.output


def failed(project, *arguments: str, config: Mapping[str, Any] | None = None) -> str:
    """What Snakemake prints of a build in which a job fails."""
    result = project.run(*arguments, config=config, check=False)
    assert result.returncode != 0, result.output
    assert "Traceback" not in result.output
    assert "Error in rule" in result.output
    return result.output


def files_below(folder: Path) -> dict[str, int]:
    """Path -> modification time."""
    return {
        str(path.relative_to(folder)): path.stat().st_mtime_ns
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize(
    ("config", "fault"),
    [
        pytest.param(
            {"compute": {"checkpoint_minute": 5}},
            "compute.checkpoint_minute: unknown key; did you mean 'checkpoint_minutes'?",
            id="unknown key",
        ),
        pytest.param(
            {"papers": "gresnets"},
            "papers: 'gresnets': expected a list, as in [a, b]",
            id="a word where a list belongs",
        ),
        pytest.param(
            {"corpora": {"ravdess": {"partial": "some"}}},
            "corpora.ravdess.partial: 'some': input should be a valid boolean",
            id="a word where true or false belongs",
        ),
        pytest.param(
            {"scale": "dmeo"},
            "scale: 'dmeo' does not exist; did you mean 'demo'?",
            id="unknown scale",
        ),
        pytest.param(
            {"papers": ["gresnet"]},
            "papers: 'gresnet' does not exist; did you mean 'gresnets'?",
            id="unknown paper",
        ),
    ],
)
def test_a_faulty_configuration_is_refused_by_key_and_value(project, config, fault):
    output = refused(project, config=config)
    assert f"config.yaml: 1 fault\n  - {fault}" in output


def test_an_experiment_that_a_table_names_and_nobody_defines(project):
    project.edit(PAPER, "SVM+M: {experiment: GR-SVM-M}", "SVM+M: {experiment: GR-SVN-M}")
    output = refused(project)
    assert f"{PAPER}: 1 fault\n" in output
    assert (
        "papers.gresnets.tables.2.rows.SVM+M: no experiment 'GR-SVN-M'; did you mean 'GR-SVM-M'?"
    ) in output


def test_several_faults_come_in_one_message_and_cost_nothing(built_project, tmp_path):
    before = files_below(built_project.results)
    faulty = {
        "corpora": {"ravdess": {"source": str(tmp_path / "nowhere")}},
        "overrides": {
            "papers": {
                "gresnets": {
                    "trainings": {"sgd": {"epochs": 3}},
                    "tables": {"2": {"caption": "Results"}},
                }
            },
            "corpora": {"ravdess": {"shards": 0}},
        },
    }
    output = refused(built_project, "all", config=faulty)
    assert (
        "config.yaml, workflow/scales/tiny.yaml, workflow/papers/gresnets/paper.yaml, "
        "workflow/corpora/ravdess.yaml: 3 faults\n"
    ) in output
    assert "corpora.ravdess.shards: 0: input should be greater than or equal to 1" in output
    assert "overrides.papers.gresnets.trainings.sgd: no such entry; known: adam" in output
    assert "papers.gresnets.tables.2.caption: unknown key; known: " in output

    assert files_below(built_project.results) == before
    assert built_project.run("all").did_nothing


def test_a_directory_that_is_missing(project, tmp_path):
    (tmp_path / "RAVDESS").mkdir()
    missing = tmp_path / "ravdes"
    output = refused(project, config={"corpora": {"ravdess": {"source": str(missing)}}})
    assert (
        f"corpora.ravdess.source: the directory {missing} does not exist. The nearest that does, "
        f"{tmp_path}, holds RAVDESS/, project/. Correct the path, or use 'upstream'"
    ) in output


def test_a_directory_of_another_corpus(project, tmp_path):
    other = tmp_path / "ESC-50-master"
    for folder in ("audio", "meta"):
        (other / folder).mkdir(parents=True)
    output = refused(project, config={"corpora": {"ravdess": {"source": str(other)}}})
    assert (
        f"corpora.ravdess.source: {other} is not a directory of corpus ravdess: expected the "
        f"folders {SPEECH}/, "
    ) in output
    assert "it holds audio/, meta/. Set corpora.ravdess.source to the directory" in output


def test_a_truncated_archive_costs_only_itself(project, archives, tmp_path):
    downloads = write_archives(archives, tmp_path / "downloads")
    whole = archives[ARCHIVE]
    (downloads / ARCHIVE).write_bytes(whole[: len(whole) // 2])
    config = source_config(downloads, archives)
    output = failed(project, MANIFEST, config=config)
    assert (
        f"{downloads / ARCHIVE}: it has {len(whole) // 2} bytes, expected {len(whole)}. It is not "
        f"what upstream publishes: fetch it again from https://upstream.example.org/"
    ) in output
    # It is the user's file: to be looked at, not ours to delete.
    assert (downloads / ARCHIVE).stat().st_size == len(whole) // 2
    assert not (project.path / SPEECH_ARCHIVE).exists()

    (downloads / ARCHIVE).write_bytes(whole)
    assert project.run(MANIFEST, config=config).wildcards("download", "archive") == {ARCHIVE}


def test_an_archive_of_another_version(project, archives, tmp_path):
    downloads = write_archives(archives, tmp_path / "downloads")
    config = source_config(downloads, archives)
    published = config["overrides"]["corpora"]["ravdess"]["archives"][0]["md5"]
    content = bytearray(archives[ARCHIVE])
    content[1000] ^= 1
    (downloads / ARCHIVE).write_bytes(content)
    output = failed(project, SPEECH_ARCHIVE, config=config)
    (actual,) = source_config("", {ARCHIVE: bytes(content)})["overrides"]["corpora"]["ravdess"][
        "archives"
    ]
    assert f"{downloads / ARCHIVE}: its md5 is {actual['md5']}, expected {published}." in output
    assert "or set corpora.ravdess.source to `upstream`" in output
    assert not (project.path / SPEECH_ARCHIVE).exists()


def climbing_zip() -> bytes:
    """An archive with one member as it should be, and one that climbs out of its folder."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("Actor_03/03-01-04-02-02-01-03.wav", bytes(100))
        archive.writestr("../../../climbed.wav", bytes(100))
    return buffer.getvalue()


def broken_zip() -> bytes:
    """An archive with a member whose bytes were damaged before upstream took the checksum."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("Actor_03/03-01-04-02-02-01-03.wav", bytes(100))
    return buffer.getvalue().replace(bytes(100), bytes(99) + b"\x01")


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (
            climbing_zip(),
            "member ../../../climbed.wav is refused: its path leads out of the target folder. "
            "This is not the upstream archive: delete it and fetch it from",
        ),
        (
            broken_zip(),
            "member Actor_03/03-01-04-02-02-01-03.wav cannot be unpacked (Bad CRC-32 for file "
            "'Actor_03/03-01-04-02-02-01-03.wav'). The archive is truncated or corrupt: delete it",
        ),
    ],
    ids=["climbs out", "bad CRC"],
)
def test_an_archive_with_the_right_checksum_and_the_wrong_content(
    project, archives, tmp_path, content, fault
):
    published = {**archives, ARCHIVE: content}
    downloads = write_archives(published, tmp_path / "downloads")
    output = failed(project, SPEECH_FOLDER, config=source_config(downloads, published))
    assert f"{SPEECH_ARCHIVE}: {fault}" in output
    assert (project.path / SPEECH_ARCHIVE).is_file()
    # Nothing half unpacked, and nothing outside.
    assert not (project.path / SPEECH_FOLDER).exists()
    assert not list(tmp_path.rglob("*.wav"))


def zeros() -> bytes:
    """A tenth of a second of digital silence."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((1, 2, 48000, 0, "NONE", ""))
        file.writeframes(bytes(2 * 4800))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<html>Too many requests</html>\n", "unreadable: Format not recognised."),
        (zeros(), "silent: all 4800 samples are zero"),
    ],
    ids=["text", "zeros"],
)
def test_a_clip_that_is_none(project, archives, tmp_path, content, reason):
    corpus = write_folders(archives, tmp_path / "corpus")
    (corpus / CLIP).write_bytes(content)
    output = failed(project, "data", config=source_config(corpus, archives))
    clips = sum(CLIPS.values())
    report = "results/tiny/logs/index/ravdess-rejected.tsv"
    assert f"corpus ravdess: 1 of {clips} clips rejected, at most 1.00% may be:" in output
    assert f"  - {CLIP}: {reason}\nAll are listed in {report}." in output
    assert "Replace the faulty files by upstream's, or raise max_rejected" in output
    # The list outlives the failed job.
    (line,) = read_lines(project.path / report)
    assert (line["path"], line["reason"]) == (CLIP, reason)
    # Its name was good: what it says of the clip counts as promised by upstream.
    assert (line["speaker"], line["emotion"]) == ("03", "sad")
    assert not (project.path / MANIFEST).exists()

    project.run("data", config=source_config(corpus, archives, max_rejected=0.02))
    assert read_lines(project.results / "corpora" / "ravdess" / "rejected.tsv") == [line]
    paths = pd.read_csv(project.path / MANIFEST, sep="\t")["path"]
    assert len(paths) == clips - 1
    assert CLIP not in set(paths)


def read_lines(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def promise(sad: int) -> dict[str, Any]:
    """Counts of the archives at scale `tiny`, with so many sad clips."""
    others = ("neutral", "calm", "happy", "angry", "fearful")
    spoken_only = ("disgust", "surprised")
    return {
        "clips": {"all": 48 + sad},
        "speech_song": {"speech": 24 + sad, "song": 24},
        "emotion": dict.fromkeys(others, 8) | dict.fromkeys(spoken_only, 4) | {"sad": sad},
        "intensity": {"normal": 8, "strong": 40 + sad},
        "statement": {"01": None, "02": 48 + sad},
        "repetition": {"01": 48 + sad, "02": None},
    }


def test_a_failed_check_fails_the_build_and_keeps_what_was_built(project, archives, tmp_path):
    corpus = write_folders(archives, tmp_path / "corpus")
    (corpus / CLIP).unlink()
    checks = project.results / "checks.tsv"

    config = source_config(corpus, archives, counts=promise(sad=8), speakers=4)
    output = failed(project, "all", config=config)
    outcome = re.search(r"(\S+): 1 of (\d+) checks failed\n  - (.*)", output)
    assert outcome[1] == "results/tiny/logs/checks.tsv"
    assert outcome[3].startswith(
        "clips as promised, ravdess: 55 clips, upstream promises 56; "
        "7 clips of emotion sad, upstream promises 8; "
    )
    assert "31 clips of speech_song speech, upstream promises 32" in outcome[3]
    assert outcome[3].endswith("set corpora.ravdess.partial: true")
    # The outcome of every check outlives the failed job, and is printed.
    assert not checks.exists()
    listed = (project.path / outcome[1]).read_text(encoding="utf-8").splitlines()
    assert len(listed) == 1 + int(outcome[2])
    assert [line.split("\t")[2] for line in listed].count("failed") == 1
    assert all(line in output for line in listed)

    # Everything else was built, and stays: with the right promise, only the check runs again.
    config = source_config(corpus, archives, counts=promise(sad=7), speakers=4)
    assert project.run("all", config=config).rules == {"check": 1, "page": 1}
    assert "failed" not in checks.read_text(encoding="utf-8")


def test_a_printed_table_that_no_spec_describes_fails_the_check(built_project):
    published = built_project.path / "workflow/papers/gresnets/published.csv"
    with published.open("a", encoding="utf-8") as file:
        file.write("gresnets,9,SVM+M,emotion,Acc,54.63,%,result,\n")
    output = failed(built_project, "results/tiny/checks.tsv", "--forcerun", "check")
    message = "tables complete, gresnets, table 9: 1 printed numbers; the table is not built; "
    assert message in output
    # The tables that the tiny scale removes are in the paper's own file.
    listed = (built_project.results / "logs" / "checks.tsv").read_text(encoding="utf-8")
    results = dict(re.findall(r"\tgresnets, table (\w+)\t(\w+)\t", listed))
    assert results == {"2": "passed", "text": "allowed", "9": "failed"} | dict.fromkeys(
        "134567", "allowed"
    )
