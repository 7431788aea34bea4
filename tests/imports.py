"""What it takes to import a module."""

import subprocess
import sys

from repository import WORKFLOW


def loaded_by(code: str) -> set[str]:
    """The names of all modules that are loaded when a fresh Python has run some code."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"],
        cwd=WORKFLOW,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())
