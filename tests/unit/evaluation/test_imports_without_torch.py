"""Tables, figures, page and checks are rebuilt in an environment that has no torch."""

from imports import loaded_by
from repository import WORKFLOW


def test_nothing_from_predictions_to_page_imports_torch():
    modules = sorted(
        ".".join(path.relative_to(WORKFLOW).with_suffix("").parts)
        for package in ("evaluation", "tables", "figures", "checks", "page")
        for path in (WORKFLOW / "retable" / package).glob("*.py")
        if path.stem != "__init__"
    )
    assert "retable.page.page" in modules and "retable.evaluation.scoring" in modules
    loaded = loaded_by(f"import {', '.join(modules)}")
    assert not loaded & {"torch", "librosa", "snakemake"}
