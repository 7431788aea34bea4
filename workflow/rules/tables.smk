# Tables in the papers' own layouts, published beside reproduced, and figures.
rule table:
    input:
        scores=lambda wc: score_files(
            wc.paper, PLAN.table_experiments(wc.paper, wc.table), ".tsv"
        ),
        confusions=lambda wc: score_files(
            wc.paper, PLAN.table_experiments(wc.paper, wc.table), "-confusion.tsv"
        ),
        sources=lambda wc: files_of_sources(table_sources(wc)),
    output:
        tsv=report(
            "<results>/tables/{paper}/table{table}.tsv",
            caption="../report/table.rst",
            category="{paper}",
            subcategory="Tables",
            labels={"table": "{table}", "format": "long form"},
        ),
        markdown=report(
            "<results>/tables/{paper}/table{table}.md",
            caption="../report/table.rst",
            category="{paper}",
            subcategory="Tables",
            labels={"table": "{table}", "format": "as in the paper"},
        ),
        latex="<results>/tables/{paper}/table{table}.tex",
    log:
        "<logs>/tables/{paper}/table{table}.log",
    conda:
        ENVIRONMENT
    params:
        table=lambda wc: PLAN.papers[wc.paper].tables[wc.table].in_order(),
        experiments=lambda wc: PLAN.table_experiments(wc.paper, wc.table),
        sources=table_sources,
        missing=lambda wc: PLAN.missing[wc.paper],
        published=lambda wc: PLAN.published_text(wc.paper, wc.table),
        comparability=lambda wc: PLAN.comparability(
            wc.paper, PLAN.papers[wc.paper].tables[wc.table].shown
        ),
        note=lambda wc: PLAN.table_note(wc.paper, wc.table),
        code=PLAN.code("table.py"),
    script:
        "../scripts/table.py"


rule text_tables:
    input:
        scores=lambda wc: score_files(wc.paper, PLAN.text_experiments(wc.paper), ".tsv"),
        sources=lambda wc: files_of_sources(text_sources(wc)),
    output:
        text_tsv="<results>/tables/{paper}/text.tsv",
        text_markdown="<results>/tables/{paper}/text.md",
        settings_tsv="<results>/tables/{paper}/settings.tsv",
        settings_markdown="<results>/tables/{paper}/settings.md",
    log:
        "<logs>/tables/{paper}/text.log",
    conda:
        ENVIRONMENT
    params:
        rows=lambda wc: [row.canonical() for row in PLAN.papers[wc.paper].text],
        experiments=lambda wc: PLAN.text_experiments(wc.paper),
        sources=text_sources,
        missing=lambda wc: PLAN.missing[wc.paper],
        parameters=lambda wc: PLAN.parameters(wc.paper),
        published=lambda wc: PLAN.published_text(wc.paper, "text"),
        cited=lambda wc: PLAN.cited_text(wc.paper),
        comparability=lambda wc: PLAN.text_comparability(wc.paper),
        note=lambda wc: PLAN.text_note(wc.paper),
        code=PLAN.code("text_tables.py"),
    script:
        "../scripts/text_tables.py"


rule figure:
    input:
        lambda wc: sum(figure_files(wc).values(), []),
    output:
        svg=report(
            "<results>/figures/{paper}/{figure}.svg",
            caption="../report/figure.rst",
            category="{paper}",
            subcategory="Figures",
            labels={"figure": "{figure}"},
        ),
        png="<results>/figures/{paper}/{figure}.png",
    log:
        "<logs>/figures/{paper}/{figure}.log",
    conda:
        ENVIRONMENT
    params:
        figure=lambda wc: PLAN.papers[wc.paper].figures[wc.figure].drawn_text(),
        titles=lambda wc: PLAN.figure_titles(wc.paper, wc.figure),
        files=figure_files,
        comparability=lambda wc: PLAN.comparability(
            wc.paper, PLAN.papers[wc.paper].figures[wc.figure].experiments
        ),
        code=lambda wc: PLAN.figure_code("figure.py", wc.paper, wc.figure),
    script:
        "../scripts/figure.py"
