"""The results page: one HTML file that opens from disk, on any screen, without a network."""

import base64
from dataclasses import dataclass
from pathlib import Path

import jinja2
from markupsafe import Markup

from retable.errors import DataError
from retable.page.corpora import PageCorpus, corpora_content
from retable.spec.figure import Figure
from retable.spec.paper import Comparability, Paper
from retable.spec.table import Table
from retable.spec.weights import PublishedWeights
from retable.tables.layout import table_layout, with_note
from retable.tables.long_form import read_long_form
from retable.tables.render import html_lines, html_table
from retable.tables.verdicts import TITLE_NOTES
from retable.tsv import read_tsv

TEMPLATE = Path(__file__).with_name("index.html.j2")


@dataclass(frozen=True)
class PageTable:
    """A numbered table of a paper."""

    name: str
    """`2` or `I`."""
    table: Table
    long_form: Path
    note: str = ""


@dataclass(frozen=True)
class PageFigure:
    """A figure of a paper."""

    name: str
    figure: Figure
    svg: Path


@dataclass(frozen=True)
class PagePaper:
    """A paper and what was built of it."""

    paper: Paper
    comparability: Comparability
    tables: tuple[PageTable, ...]
    figures: tuple[PageFigure, ...]
    text: Path
    """Long form of the numbers in the running text."""
    settings: Path
    """Long form of the settings."""
    note: str = ""
    """Holds for all results of the paper."""
    text_note: str = ""
    """Stands beneath the numbers in the text."""
    missing: tuple[str, ...] = ()
    """How to come by the corpora that the paper needs and that are not there."""
    left_out: tuple[str, ...] = ()
    """Titles of the figures that cannot be drawn without them."""


def build_page(
    output: Path,
    *,
    scale: str,
    scale_description: str,
    corpora: tuple[PageCorpus, ...],
    papers: tuple[PagePaper, ...],
    summary: Path,
    odd_clips: Path,
    weights: tuple[PublishedWeights, ...],
    checks: Path,
    rebuild: str,
) -> None:
    """Write the results page.

    Args:
        output: The HTML file to write; it needs no other file.
        scale: Name of the scale that was built.
        scale_description: What the scale is, in a sentence.
        corpora: The corpora behind the results.
        papers: The papers, with the files that were built.
        summary: `corpora.tsv`.
        odd_clips: `odd_clips.tsv`.
        weights: Published weights that networks started from.
        checks: `checks.tsv`.
        rebuild: The command that rebuilds all of this.

    Raises:
        DataError: A table, a figure, the checks or what is known of a corpus is missing or
            unreadable.
    """
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    page = template.render(
        scale=scale,
        scale_description=scale_description,
        **corpora_content(corpora, summary, odd_clips),
        weights=weights,
        papers=[_paper_content(paper) for paper in papers],
        checks=read_tsv(checks, ("check", "subject", "result", "detail")).to_dict("records"),
        rebuild=rebuild,
    )
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(page, encoding="utf-8")


def _paper_content(content: PagePaper) -> dict[str, object]:
    note = TITLE_NOTES[content.comparability]
    text, settings = read_long_form(content.text), read_long_form(content.settings)
    return {
        "key": content.paper.paper,
        "title": content.paper.title,
        "citation": content.paper.citation,
        "analogue": content.paper.analogue,
        "note": content.note,
        "missing": content.missing,
        "left_out": content.left_out,
        "clean": any(table.table.clean for table in content.tables),
        "tables": [_table_content(table, content) for table in content.tables],
        "text": Markup(html_lines(text, with_note("Numbers in the text", note)))
        if len(text)
        else "",
        "text_note": content.text_note,
        "settings": Markup(html_lines(settings, "Settings, read from what was built"))
        if len(settings)
        else "",
        "figures": [
            {
                "name": figure.name,
                "title": figure.figure.title,
                "caption": figure.figure.caption,
                "data": _data_uri(figure.svg),
            }
            for figure in content.figures
        ],
    }


def _table_content(table: PageTable, content: PagePaper) -> dict[str, object]:
    long_form = read_long_form(table.long_form)
    layout = table_layout(table.table, long_form, table.name, content.comparability)
    # The rendering escapes every text that it prints.
    return {"name": table.name, "html": Markup(html_table(layout)), "note": table.note}


def _data_uri(svg: Path) -> str:
    """The figure as an image of its own: element ids of two inlined SVGs would clash."""
    if not svg.is_file():
        raise DataError(f"{svg}: the figure is missing; build it first")
    return "data:image/svg+xml;base64," + base64.b64encode(svg.read_bytes()).decode("ascii")
