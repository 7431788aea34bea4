"""A corpus that is given out on request, and is not there: the build stops, or leaves it out."""

import pandas as pd
import pytest

from snakemake_project import new_project

STEPS = "set corpora.utpodcast.source in config.yaml to the directory"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The paper that needs the corpus alone, with corpora of upstream."""
    project = new_project(tmp_path_factory.mktemp("missing") / "project")
    project.edit("config.yaml", "- gresnets", "- cabcnn")
    return project


def test_without_the_key_the_build_stops_before_any_work(project):
    result = project.run("all", config={"scale": "quick"}, check=False)
    assert result.returncode != 0
    assert "corpora.utpodcast.source: corpus utpodcast is not downloaded" in result.output
    assert STEPS in result.output and "Center for Robust Speech Systems" in result.output
    assert "Traceback" not in result.output and "Job stats" not in result.output


def test_with_the_key_its_cells_say_so_and_how_to_obtain_it(project):
    config = {"scale": "quick", "keep_going_without_data": True}
    result = project.run("all", config=config)
    assert not {"train", "download", "resample"} & set(result.rules)
    built = project.path / "results" / "quick"
    for name in ("table1", "table3", "table6", "text", "settings"):
        lines = pd.read_csv(built / f"tables/cabcnn/{name}.tsv", sep="\t", dtype=str)
        assert set(lines["verdict"]) == {"data missing"}, name
        assert lines["note"].str.contains(STEPS, regex=False).all()
        assert lines["reproduced"].isna().all()
    markdown = (built / "tables/cabcnn/table3.md").read_text(encoding="utf-8")
    assert "data missing" in markdown and STEPS in markdown
    page = (built / "index.html").read_text(encoding="utf-8")
    assert "data missing" in page and STEPS in page and "What the classifiers" in page
    checks = pd.read_csv(built / "checks.tsv", sep="\t")
    assert set(checks["result"]) == {"allowed"}
    assert checks["detail"].str.contains("data missing").all()
