# Checks of the whole build, and the page that shows it.
def corpus_files(name):
    return [f"{RESULTS}/corpora/{corpus}/{name}" for corpus in PLAN.corpora]


def checked_predictions():
    """Subject -> prediction files, for every experiment and variant."""
    return {
        f"{e.paper}, {e.experiment} {e.variant}": part_files(e, "predictions.parquet")
        for e in PLAN.experiments.values()
    }


def checked_scores():
    """Subject -> its scores and confusion counts, for every experiment."""
    names = sorted({(e.paper, e.experiment) for e in PLAN.experiments.values()})
    return {
        f"{paper}, {name}": [
            *score_files(paper, [name], ".tsv"),
            *score_files(paper, [name], "-confusion.tsv"),
        ]
        for paper, name in names
    }


def checked_splits():
    """Subject -> audit and facts, for every split."""
    return {
        f"{e.paper}, {e.split_name} of {e.dataset}": [
            split_file(e, "audit.tsv"),
            split_file(e, "split.json"),
        ]
        for e in PLAN.experiments.values()
    }


def built_tables(paper):
    """Table of `published.csv` -> its long forms."""
    spec = PLAN.papers[paper]
    tables = {name: [f"{RESULTS}/tables/{paper}/table{name}.tsv"] for name in spec.tables}
    if spec.text:
        tables["text"] = [f"{RESULTS}/tables/{paper}/{name}.tsv" for name in ("text", "settings")]
    return tables


def flattened(files_by_subject):
    return [file for files in files_by_subject.values() for file in files]


rule check:
    input:
        corpus_files("manifest.tsv"),
        corpus_files("rejected.tsv"),
        flattened(checked_splits()),
        flattened(checked_predictions()),
        flattened(checked_scores()),
        [flattened(built_tables(paper)) for paper in PLAN.papers],
    output:
        checks=report(
            "<results>/checks.tsv",
            caption="../report/checks.rst",
            category="Checks",
        ),
    log:
        "<logs>/checks.log",
    params:
        manifests={
            corpus: [
                f"{RESULTS}/corpora/{corpus}/manifest.tsv",
                f"{RESULTS}/corpora/{corpus}/rejected.tsv",
            ]
            for corpus in PLAN.corpora
        },
        promises={corpus: PLAN.promise(corpus).canonical() for corpus in PLAN.corpora},
        splits=checked_splits(),
        predictions=checked_predictions(),
        scores=checked_scores(),
        tables={PLAN.published_file(paper): built_tables(paper) for paper in PLAN.papers},
        code=PLAN.code("check.py", *PLAN.corpus_modules()),
    conda:
        ENVIRONMENT
    script:
        "../scripts/check.py"


rule page:
    input:
        [flattened(built_tables(paper)) for paper in PLAN.papers],
        [
            f"{RESULTS}/figures/{paper}/{figure}.svg"
            for paper, spec in PLAN.papers.items()
            for figure in spec.figures
        ],
        checks="<results>/checks.tsv",
        template=str(WORKFLOW / "retable" / "page" / "index.html.j2"),
    output:
        page="<results>/index.html",
    log:
        "<logs>/page.log",
    params:
        results=RESULTS,
        content=PLAN.page_text(),
        code=PLAN.code("page.py"),
    conda:
        ENVIRONMENT
    script:
        "../scripts/page.py"
