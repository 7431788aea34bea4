"""Tables, figures, page and checks are rebuilt in an environment that has no torch."""

import subprocess
import sys
from pathlib import Path

WORKFLOW = Path(__file__).parents[3] / "workflow"


def test_nothing_from_predictions_to_page_imports_torch():
    modules = sorted(
        ".".join(path.relative_to(WORKFLOW).with_suffix("").parts)
        for package in ("evaluation", "tables", "figures", "checks", "page")
        for path in (WORKFLOW / "retable" / package).glob("*.py")
        if path.stem != "__init__"
    )
    assert "retable.page.page" in modules and "retable.evaluation.scoring" in modules
    code = (
        f"import sys; sys.path.insert(0, {str(WORKFLOW)!r})\n"
        + "".join(f"import {module}\n" for module in modules)
        + "print([name for name in ('torch', 'librosa', 'snakemake') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
