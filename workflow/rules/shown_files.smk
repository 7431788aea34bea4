# What tables, texts and figures are made from, and what a paper's target asks for.
def reading_sources(paper, readings):
    """Experiment or fusion -> source -> files, for what is read of what was built."""
    files = {}
    for reading in readings:
        spec = PLAN.scored[paper, reading.experiment]["paper"]
        sources = files.setdefault(reading.experiment, {})
        sources[reading.source] = source_files(spec, reading.source)
    return files


def source_files(spec, source):
    """One file for each part of an experiment, each of its inputs or datasets, or a single one."""
    if source == "fusion":
        return [fusion_file(spec, "fusion.json")]
    if source == "run":
        return part_files(spec, "run.json")
    if source == "model":
        return part_files(spec, "model.json")[:1]
    of_input = {
        "feature": lambda one: feature_files(one.feature_name, one.dataset)[0].replace(
            ".npy", ".json"
        ),
        "split": lambda one: split_file(spec.paper, one, "split.json"),
    }
    of_dataset = {
        "dataset": dataset_file,
        "manifest": lambda dataset: manifest_of(corpus_of(dataset)),
        "corpus": lambda dataset: corpus_facts(corpus_of(dataset)),
    }
    if source in of_dataset:
        return [of_dataset[source](dataset) for dataset in spec.datasets]
    return [of_input[source](one) for one in spec.inputs]


def table_sources(wildcards):
    paper, table = wildcards.paper, wildcards.table
    return reading_sources(paper, PLAN.table_readings(paper, table))


def text_sources(wildcards):
    return reading_sources(wildcards.paper, PLAN.text_readings(wildcards.paper))


def files_of_sources(sources):
    """All files of what `reading_sources` gives, each once."""
    return sorted({file for built in sources.values() for file in flattened(built)})


def figure_files(wildcards):
    """Experiment or fusion -> the files that the figure draws of it."""
    figure = PLAN.papers[wildcards.paper].figures[wildcards.figure]
    example_file = f"{RESULTS}/examples/{wildcards.paper}/{wildcards.figure}.npz"
    files_of = {
        "confusions": lambda name: score_files(
            wildcards.paper, [name], "-confusion.tsv"
        ),
        "histories": lambda name: part_files(
            PLAN.experiment(wildcards.paper, name, figure.variant), "history.tsv"
        ),
        "scores": lambda name: score_files(wildcards.paper, [name], ".tsv"),
        "examples": lambda name: [example_file],
        "patches": lambda name: [example_file],
        "attention": lambda name: [example_file],
        "fusion_sizes": lambda name: [
            fusion_file(
                PLAN.fusions[wildcards.paper, name, figure.variant], "sizes.tsv"
            )
        ],
        "verified_runs": lambda name: [
            verification_file(
                PLAN.verifications[wildcards.paper, name, figure.variant], file
            )
            for file in ("roc.tsv", "runs.tsv")
        ],
    }[figure.draws]
    return {name: files_of(name) for name in figure.experiments}


def figures_that_draw(files):
    """Names of the figures that are drawn from such files."""
    figures = [pair for paper in PLAN.papers for pair in PLAN.figures(paper).items()]
    return sorted({name for name, figure in figures if figure.draws == files})


def shown_experiment(wildcards):
    """The experiment whose clips and transform a figure shows."""
    figure = PLAN.papers[wildcards.paper].figures[wildcards.figure]
    return PLAN.experiment(wildcards.paper, figure.experiments[0], figure.variant)


def shown_audio(wildcards):
    shown = shown_experiment(wildcards).inputs[0]
    return audio_files(shown.dataset, shown.feature)


def paper_files(paper):
    """Every table and figure of a paper."""
    spec = PLAN.papers[paper]
    tables = [f"table{table}" for table in spec.tables]
    texts = ["text", "settings"] if spec.text else []
    return [
        *expand(
            f"{RESULTS}/tables/{paper}/{{name}}.{{kind}}",
            name=tables,
            kind=["tsv", "md", "tex"],
        ),
        *expand(
            f"{RESULTS}/tables/{paper}/{{name}}.{{kind}}",
            name=texts,
            kind=["tsv", "md"],
        ),
        *expand(
            f"{RESULTS}/figures/{paper}/{{figure}}.{{kind}}",
            figure=PLAN.figures(paper),
            kind=["svg", "png"],
        ),
    ]
