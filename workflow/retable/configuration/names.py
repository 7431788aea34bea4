"""What names of a paper's entries must be: they name files, and rules are chosen by them."""

import re
from collections.abc import Iterator, Mapping

from retable.configuration.raw import RawPaper
from retable.spec.paper import Experiment

FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]*")
"""Needs no quoting in a shell, and no escape in an address."""

NAMING_FILES = (
    "features", "splits", "experiments", "fusions", "verifications", "tables", "figures",
)  # fmt: skip
"""Sections of a paper whose entries have files."""


def name_faults(raw: RawPaper) -> Iterator[str]:
    """An entry that has files must be named so that they can be."""
    for section in NAMING_FILES:
        for name in getattr(raw, section):
            if not FILE_NAME.fullmatch(name):
                yield (
                    f"{section}.{name}: {name!r} cannot name files; use letters from a to z, "
                    "digits, and after the first of them _ . + -"
                )


def embed_faults(experiments: Mapping[str, Mapping[str, Experiment]]) -> Iterator[str]:
    """One rule trains all variants of an experiment, with embeddings or without."""
    for name, variants in experiments.items():
        if len({experiment.embed for experiment in variants.values()}) > 1:
            kept = ", ".join(variant for variant, one in variants.items() if one.embed)
            yield (
                f"experiments.{name}.embed: true in variant {kept} alone; set it for the "
                "experiment, outside of `variants`"
            )
