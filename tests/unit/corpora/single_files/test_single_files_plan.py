"""When an archive that is made of single files is made anew."""

import shutil

import pytest

from archive_server import file_table
from plans import plan_of
from repository import WORKFLOW
from retable.errors import ConfigError

NAME = "ESC-50.zip"
TABLE = "esc50-files.tsv"


@pytest.fixture
def workflow(tmp_path):
    """A copy of the workflow whose tables may be changed."""
    for name in ("scales", "papers", "corpora", "weights"):
        shutil.copytree(WORKFLOW / name, tmp_path / "workflow" / name)
    (tmp_path / "workflow/corpora" / TABLE).write_text(file_table({"1.wav": b"dog"}))
    return tmp_path / "workflow"


@pytest.fixture
def identity(workflow):
    """What the download of ESC-50 depends on, as if upstream had single files of it."""

    def of(source, url="https://one.example.org", **files):
        archive = {
            "name": NAME, "urls": [url], "bytes": 1000, "checksum_published": False,
            "unpack_to": "ESC-50", "folders": ["audio", "meta"], "single_files": files,
        }  # fmt: skip
        plan = plan_of(
            workflow,
            corpora={"esc50": {"source": str(source)}},
            overrides={"corpora": {"esc50": {"archives": [archive]}}},
        )
        return plan.archive_identity("esc50", NAME)

    return of


DATASET = {"persistent_id": "doi:10.5683/SP2/TEST"}
FILES = {"table": TABLE}


def test_another_dataset_or_address(identity):
    first = identity("upstream", **DATASET)
    assert identity("upstream", **DATASET) == first
    # How many are fetched at a time makes no other archive.
    assert identity("upstream", **DATASET, connections=8) == first
    others = {
        identity("upstream", **DATASET | {"persistent_id": "doi:10.5683/SP2/OTHER"}),
        identity("upstream", url="https://two.example.org", **DATASET),
        identity("https://mirror.example.org", **DATASET),
        identity("upstream", **FILES),
    }
    assert len(others | {first}) == 5


def test_another_table(identity, workflow):
    first = identity("upstream", **FILES)
    (workflow / "corpora" / TABLE).write_text(file_table({"1.wav": b"cat"}))
    assert identity("upstream", **FILES) != first


def test_a_missing_table_is_a_fault_of_the_corpus(identity, workflow):
    (workflow / "corpora" / TABLE).unlink()
    with pytest.raises(ConfigError) as caught:
        identity("upstream", **FILES)
    table = workflow / "corpora" / TABLE
    assert "esc50.yaml: 1 fault\n" in str(caught.value)
    assert f"  - corpora.esc50.archives, {NAME}: the table {table} does not exist." in str(
        caught.value
    )


def test_an_archive_in_a_directory_is_known_by_its_bytes(identity, tmp_path):
    (tmp_path / NAME).write_bytes(b"first")
    first = identity(tmp_path, **FILES)
    (tmp_path / NAME).write_bytes(b"other")
    assert identity(tmp_path, **FILES) != first
