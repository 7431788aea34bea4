"""The results page of a plan: which papers, corpora, tables and figures it shows."""

from pathlib import Path

from retable.page.corpora import PageCorpus
from retable.page.page import PageFigure, PagePaper, PageTable, build_page
from retable.plan.plan import Plan


def build_results_page(plan: Plan, results: Path, output: Path) -> None:
    """Writes the page of everything that a plan builds below `results`."""
    build_page(
        output,
        scale=plan.project.scale.scale,
        scale_description=plan.scale_description(*plan.papers),
        corpora=tuple(_corpus(plan, name) for name in plan.corpora),
        papers=tuple(_paper(plan, name, results) for name in plan.papers),
        summary=results / "corpora.tsv",
        odd_clips=results / "odd_clips.tsv",
        weights=tuple(plan.weights_in_use()),
        checks=results / "checks.tsv",
        rebuild="make results",
    )


def _corpus(plan: Plan, name: str) -> PageCorpus:
    corpus, source = plan.corpus(name), plan.source(name)
    origin = source.location if source.location else source.kind
    return PageCorpus(
        name=name,
        title=corpus.title,
        source=f"{origin} (partial)" if source.partial else origin,
        licence=corpus.licence,
        citation=corpus.citation,
        homepage=corpus.homepage,
    )


def _paper(plan: Plan, name: str, results: Path) -> PagePaper:
    paper, drawn = plan.papers[name], plan.figures(name)
    tables, figures = results / "tables" / name, results / "figures" / name
    return PagePaper(
        paper=paper,
        comparability=plan.comparability(name, paper.experiments),
        tables=tuple(
            PageTable(number, table, tables / f"table{number}.tsv", plan.table_note(name, number))
            for number, table in paper.tables.items()
        ),
        figures=tuple(
            PageFigure(figure, spec, figures / f"{figure}.svg") for figure, spec in drawn.items()
        ),
        text=tables / "text.tsv",
        settings=tables / "settings.tsv",
        note=plan.weights_note(name, paper.scored_names),
        text_note=plan.text_note(name),
        missing=tuple(dict.fromkeys(plan.missing[name].values())),
        left_out=tuple(spec.title for figure, spec in paper.figures.items() if figure not in drawn),
    )
