# Checks of the whole build, and the page that shows it.
rule check:
    input:
        corpus_files("manifest.tsv"),
        corpus_files("rejected.tsv"),
        flattened(checked_splits()),
        flattened(checked_predictions()),
        flattened({s: roles.values() for s, roles in checked_roles().items()}),
        list(checked_fusions().values()),
        [
            one[file]
            for one in checked_verifications().values()
            for file in ("dataset", "roles")
        ],
        flattened(checked_scores()),
        [flattened(built_tables(paper)) for paper in PLAN.papers],
    output:
        checks=report(
            "<results>/checks.tsv",
            caption="../report/checks.rst",
            category="Checks",
        ),
    log:
        job="<logs>/checks.log",
        checks="<logs>/checks.tsv",
    conda:
        ENVIRONMENT
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
        roles=checked_roles(),
        fusions=checked_fusions(),
        verifications=checked_verifications(),
        other_roles=leaky_fusions(),
        scores=checked_scores(),
        tables={paper: built_tables(paper) for paper in PLAN.papers},
        removed={name: paper.removed_tables for name, paper in PLAN.papers.items()},
        code=PLAN.code("check.py", *PLAN.corpus_modules()),
    script:
        "../scripts/check.py"


rule page:
    input:
        [flattened(built_tables(paper)) for paper in PLAN.papers],
        [
            f"{RESULTS}/figures/{paper}/{figure}.svg"
            for paper in PLAN.papers
            for figure in PLAN.figures(paper)
        ],
        summary="<results>/corpora.tsv",
        odd_clips="<results>/odd_clips.tsv",
        checks="<results>/checks.tsv",
    output:
        page="<results>/index.html",
    log:
        "<logs>/page.log",
    conda:
        ENVIRONMENT
    params:
        results=lambda wc, output: str(Path(output.page).parent),
        content=lambda wc: PLAN.page_text(),
        code=PLAN.code("page.py"),
    script:
        "../scripts/page.py"
