"""Corpora of many archives, and of one that upstream makes on the fly, from a real server."""

import hashlib
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from archive_server import ArchiveServer, Behaviour
from repository import WORKFLOW
from retable.configuration.merging import merged
from retable.registry import TWINS, load
from retable.spec.corpus import Corpus

SIMULATIONS = {
    "tut2017": {
        "keep": [
            {"scene": ["beach", "bus"], "subset": ["development"], "start_s": ["260"]},
            {"scene": ["beach", "bus"], "subset": ["evaluation"], "start_s": ["140"]},
        ],
        "duration_s": [0.3, 0.4],
    },
    "esc50": {"keep": [{"event": ["dog", "rain"], "take": ["A"]}], "duration_s": [0.3, 0.3]},
}
CSV = "ESC-50-master/meta/esc50.csv"


@pytest.fixture(scope="module")
def corpora(tmp_path_factory) -> dict[str, Corpus]:
    """Corpora with small twins."""
    specs = {}
    for name, simulation in SIMULATIONS.items():
        content = yaml.safe_load((WORKFLOW / f"corpora/{name}.yaml").read_text("utf-8"))
        specs[name] = Corpus.model_validate(merged(content, {"simulation": simulation}))
    return specs


@pytest.fixture(scope="module")
def archives(corpora, tmp_path_factory) -> dict[str, bytes]:
    """Name -> content of every archive of both twins."""
    folder = tmp_path_factory.mktemp("upstream")
    for name, corpus in corpora.items():
        for archive in corpus.archives:
            path = folder / archive.name
            load(TWINS, name).simulate_archive(archive.name, corpus.simulation, path)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def server(archives) -> Iterator[ArchiveServer]:
    with ArchiveServer(dict(archives)) as running:
        running.behaviours = {name: [Behaviour(delay_s=0.5)] for name in archives}
        # As the host of ESC-50 does: no length, no ranges.
        on_the_fly = Behaviour(chunked=True, ranges=False, announce_length=False, etag=False)
        running.behaviours["ESC-50-master.zip"] = [on_the_fly]
        yield running


@pytest.fixture
def config(server, corpora, archives) -> dict[str, Any]:
    """Downloads both corpora from that server; sizes and checksums are those of the twins."""
    overrides = {name: {"archives": []} for name in corpora}
    for name, corpus in corpora.items():
        for archive in corpus.archives:
            content = archives[archive.name]
            entry = archive.model_dump(exclude_none=True, exclude_defaults=True)
            entry |= {"urls": [server.address(archive.name)], "bytes": len(content)}
            if archive.files_md5:
                with zipfile.ZipFile(io.BytesIO(content)) as opened:
                    entry["files_md5"] = {CSV: hashlib.md5(opened.read(CSV)).hexdigest()}
            else:
                entry["md5"] = hashlib.md5(content).hexdigest()
            overrides[name]["archives"].append(entry)
    return {
        "papers": ["mixup_mtl"],
        # The twins are small: without this they would be held against upstream's counts.
        "corpora": {name: {"source": "upstream", "partial": True} for name in corpora},
        "overrides": {"corpora": overrides},
    }


def test_every_archive_is_fetched_two_at_a_time_and_indexed_with_its_lists(project, server, config):
    result = project.run("data", config=config, cores=6)
    assert result.rules["download"] == result.rules["unpack"] == 20
    assert len(server.requests) == 20
    assert server.most_at_once == 2
    scenes = pd.read_csv(
        project.results / "corpora/tut2017/manifest.tsv", sep="\t", dtype=str, keep_default_na=False
    )
    assert scenes.groupby("scene")["subset"].value_counts().to_dict() == {
        (scene, subset): clips
        for scene in ("beach", "bus")
        for subset, clips in {"development": 8, "evaluation": 4}.items()
    }
    assert set(scenes["channels"]) == {"2"}
    assert set(scenes.query("subset == 'evaluation'")["fold1"]) == {""}
    events = pd.read_csv(project.results / "corpora/esc50/manifest.tsv", sep="\t", dtype=str)
    assert set(events["event"]) == {"dog", "rain"}
    assert set(events["fold"]) == set("12345")


def test_an_archive_made_on_the_fly_with_other_files_is_refused(project, config):
    (archive,) = config["overrides"]["corpora"]["esc50"]["archives"]
    archive["files_md5"] = {CSV: "0" * 32}
    target = "results/tiny/corpora/esc50/clips/ESC-50"
    result = project.run(target, config=config, check=False)
    assert result.returncode != 0
    assert f"{CSV}" in result.output and "0" * 32 in result.output
    assert not (project.path / target).exists()


def test_a_list_that_names_a_missing_clip_stops_the_index_unless_partial(
    project, server, config, archives
):
    name = "ESC-50-master.zip"
    whole, cut = zipfile.ZipFile(io.BytesIO(archives[name])), io.BytesIO()
    audio = [entry for entry in whole.namelist() if entry.endswith(".wav")]
    with zipfile.ZipFile(cut, "w") as archive:
        for entry in whole.namelist():
            if entry != audio[0]:
                archive.writestr(entry, whole.read(entry))
    server.files[name] = cut.getvalue()
    config["corpora"]["esc50"]["partial"] = False
    manifest = "results/tiny/corpora/esc50/manifest.tsv"
    result = project.run(manifest, config=config, check=False)
    assert result.returncode != 0
    assert Path(audio[0]).stem in result.output and "partial: true" in result.output
    config["corpora"]["esc50"]["partial"] = True
    project.run(manifest, config=config)
