"""Prints the conda environment with the pins of a lock: `make lock` writes it to retable.yaml."""

import re
import sys
from pathlib import Path

HEADER = """\
# Written by `make lock` from retable.lock: the same pins for `snakemake --sdm conda`.
name: retable
channels:
  - conda-forge
  - nodefaults
dependencies:
  - python=3.11
  - pip
  - pip:
"""


def pinned_requirements(lock: str) -> list[str]:
    """`name==version ; marker` of every package in the text of a lock, without its hashes."""
    return [
        match["requirement"].strip()
        for match in re.finditer(r"^(?P<requirement>[A-Za-z0-9].*?==[^\\\n]*)", lock, re.MULTILINE)
    ]


def conda_environment(lock: str) -> str:
    """The conda environment, YAML, for the text of a lock."""
    pins = [pin.replace("'", '"') for pin in pinned_requirements(lock)]
    return HEADER + "".join(f"      - '{pin}'\n" for pin in pins)


if __name__ == "__main__":
    sys.stdout.write(conda_environment(Path(sys.argv[1]).read_text(encoding="utf-8")))
