# Tables in the papers' own layouts, published beside reproduced, and figures.
def table_experiments(paper, table):
    return PLAN.papers[paper].tables[table].experiments


def text_experiments(paper):
    """Experiments whose scores stand in a paper's text."""
    return sorted({row.cell.experiment for row in PLAN.papers[paper].text if row.cell})


def setting_sources(paper):
    """Experiment -> source -> file, for the settings that a paper's text states."""
    files = {}
    for name in PLAN.setting_experiments(paper):
        experiment = PLAN.experiment(paper, name, "paper")
        features = feature_files(experiment.feature_name, experiment.dataset)
        files[name] = {
            "run": part_files(experiment, "run.json")[0],
            "feature": features[0].replace(".npy", ".json"),
            "split": split_file(experiment, "split.json"),
            "manifest": manifest_of(experiment.dataset.partition("-")[0]),
        }
        if experiment.training:
            files[name]["model"] = part_files(experiment, "model.json")[0]
    return files


rule table:
    input:
        scores=lambda wc: score_files(wc.paper, table_experiments(wc.paper, wc.table), ".tsv"),
        confusions=lambda wc: score_files(
            wc.paper, table_experiments(wc.paper, wc.table), "-confusion.tsv"
        ),
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
    wildcard_constraints:
        table="[0-9A-Z]+",
    params:
        table=lambda wc: PLAN.papers[wc.paper].tables[wc.table].canonical(),
        experiments=lambda wc: table_experiments(wc.paper, wc.table),
        published=lambda wc: PLAN.published_text(wc.paper, wc.table),
        published_file=lambda wc: PLAN.published_file(wc.paper),
        comparability=lambda wc: PLAN.comparability(
            wc.paper, table_experiments(wc.paper, wc.table)
        ),
        note=PLAN.scale_note,
        code=PLAN.code("table.py"),
    conda:
        ENVIRONMENT
    script:
        "../scripts/table.py"


rule text_tables:
    input:
        scores=lambda wc: score_files(wc.paper, text_experiments(wc.paper), ".tsv"),
        sources=lambda wc: sorted(
            {file for files in setting_sources(wc.paper).values() for file in files.values()}
        ),
    output:
        text_tsv="<results>/tables/{paper}/text.tsv",
        text_markdown="<results>/tables/{paper}/text.md",
        settings_tsv="<results>/tables/{paper}/settings.tsv",
        settings_markdown="<results>/tables/{paper}/settings.md",
    log:
        "<logs>/tables/{paper}/text.log",
    params:
        rows=lambda wc: [row.canonical() for row in PLAN.papers[wc.paper].text],
        experiments=lambda wc: text_experiments(wc.paper),
        sources=lambda wc: setting_sources(wc.paper),
        published=lambda wc: PLAN.published_text(wc.paper, "text"),
        published_file=lambda wc: PLAN.published_file(wc.paper),
        comparability=lambda wc: PLAN.comparability(wc.paper, text_experiments(wc.paper)),
        code=PLAN.code("text_tables.py"),
    conda:
        ENVIRONMENT
    script:
        "../scripts/text_tables.py"


def figure_files(wildcards):
    """Experiment -> the files that the figure draws of it."""
    figure = PLAN.papers[wildcards.paper].figures[wildcards.figure]
    if figure.kind == "confusion_matrix":
        return {
            name: score_files(wildcards.paper, [name], "-confusion.tsv")
            for name in figure.experiments
        }
    return {
        name: part_files(PLAN.experiment(wildcards.paper, name, figure.variant), "history.tsv")
        for name in figure.experiments
    }


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
    params:
        figure=lambda wc: PLAN.papers[wc.paper].figures[wc.figure].canonical(),
        titles=lambda wc: PLAN.titles(
            wc.paper, PLAN.papers[wc.paper].figures[wc.figure].experiments
        ),
        files=figure_files,
        comparability=lambda wc: PLAN.comparability(
            wc.paper, PLAN.papers[wc.paper].figures[wc.figure].experiments
        ),
        code=lambda wc: PLAN.figure_code("figure.py", wc.paper, wc.figure),
    conda:
        ENVIRONMENT
    script:
        "../scripts/figure.py"
