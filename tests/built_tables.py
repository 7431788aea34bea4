"""Tables of a build, as text: cell by cell as they are written."""

from pathlib import Path

import pandas as pd

from sample_results import published_file


def built_table(results: Path, name: str) -> pd.DataFrame:
    """A tab-separated file of the build, `name` being its path below `results`."""
    return pd.read_csv(results / name, sep="\t", dtype=str, keep_default_na=False)


def paper_table(results: Path, paper: str, name: str) -> pd.DataFrame:
    """The long form of one table of a paper, of its text or of its settings."""
    return built_table(results, f"tables/{paper}/{name}.tsv")


def printed_numbers(paper: str) -> pd.DataFrame:
    """The numbers that a paper prints, in the order of its file."""
    return pd.read_csv(published_file(paper), dtype=str)
