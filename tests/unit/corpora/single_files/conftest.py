import pytest
from sample_files import CONTENT, DATASET, NAME, Fetch

from archive_server import dataverse_layout, file_table, media_layout
from retable.spec.corpus import SingleFiles


@pytest.fixture
def tables(tmp_path):
    """The folder with the table of all files."""
    folder = tmp_path / "tables"
    folder.mkdir()
    (folder / "files.tsv").write_text(file_table(CONTENT), encoding="utf-8")
    return folder


@pytest.fixture(params=["dataverse", "table"])
def fetch(request, archive_server, tables, tmp_path):
    """Fetches all files from the server, in either of the two layouts."""
    if request.param == "dataverse":
        archive_server.files |= dataverse_layout(CONTENT, DATASET)
        files = SingleFiles(persistent_id=DATASET)
    else:
        archive_server.files |= media_layout(CONTENT, "master")
        files = SingleFiles(table="files.tsv")
    return Fetch(files, tmp_path / "archives" / NAME, tables)


@pytest.fixture
def base(fetch, archive_server):
    """What the addresses of the files start with."""
    return archive_server.root if fetch.files.persistent_id else archive_server.address("master")
