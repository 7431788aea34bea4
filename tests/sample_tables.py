"""Tables and lines of text made of given scores, as their files say them."""

import pandas as pd

from retable.spec.table import TextRow
from retable.tables.files import write_table, write_text_tables
from retable.tables.long_form import read_long_form
from sample_results import published_file


def build_table(folder, table, paper, name, **more):
    """Long form, Markdown and LaTeX of a numbered table of a paper."""
    files = {kind: folder / f"table.{kind}" for kind in ("tsv", "markdown", "latex")}
    given = {
        "published": published_file(paper),
        "confusions": {},
        "sources": {},
        "missing": {},
        "comparability": "comparable",
    }
    write_table(table, table_name=name, **{**given, **more}, **files)
    return read_long_form(files["tsv"]), files["markdown"].read_text(), files["latex"].read_text()


def gain_line(folder, paper, key, gain, scores, **more) -> pd.Series:
    """The line of a gain that a paper's text prints under row, column and metric."""
    row, column, metric = key
    given = {
        "published": published_file(paper),
        "sources": {},
        "parameters": {},
        "missing": {},
        "comparability": "comparable",
    }
    files = ("text_tsv", "text_markdown", "settings_tsv", "settings_markdown")
    write_text_tables(
        [TextRow(row=row, column=column, metric=metric, gain=gain)],
        scores=scores,
        **{**given, **more},
        **{file: folder / file for file in files},
    )
    return read_long_form(folder / "text_tsv").set_index(["row", "column", "metric"]).loc[key]
