"""Real runs of Snakemake on copies of the project, at a scale that builds in half a minute.

def test_something(built_project):
    built_project.edit("workflow/papers/gresnets/published.csv", "64.48", "64.49")
    result = built_project.run("all", config={"compute": {"checkpoint_minutes": 0}})
    assert result.rules == {"table": 1, "check": 1, "page": 1}
"""

from pathlib import Path

import pytest

from repository import REPOSITORY
from snakemake_project import Project, Result, new_project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project that nothing was built of yet."""
    return new_project(tmp_path / "project")


@pytest.fixture(scope="session")
def first_build(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Result]:
    """A project that was built once, and that build; copy it, do not change it."""
    project = new_project(tmp_path_factory.mktemp("tiny") / "project")
    result = project.run("all")
    assert "Using workflow specific profile profiles/default" in result.output
    return project, result


@pytest.fixture
def built_project(first_build: tuple[Project, Result], tmp_path: Path) -> Project:
    """A project of which everything is built and up to date."""
    return first_build[0].copy_to(tmp_path / "project")


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project with its own config.yaml, `all` built; copy it, do not change it."""
    project = new_project(tmp_path_factory.mktemp("demo") / "project")
    config = (REPOSITORY / "config.yaml").read_text(encoding="utf-8")
    (project.path / "config.yaml").write_text(config, encoding="utf-8")
    project.run("all", config={"compute": {"device": "cpu"}})
    return project


@pytest.fixture(scope="session")
def results(demo: Project) -> Path:
    """Where the demo is built."""
    return demo.path / "results" / "demo"
