# Which files there are: what rules read, and what targets ask for.
def experiment_of(wildcards):
    """The experiment that `paper`, `experiment` and `variant` name."""
    return PLAN.experiment(wildcards.paper, wildcards.experiment, wildcards.variant)


def clip_folders(corpus):
    """Folders with a corpus' clips that rules make; none where a directory is read in place."""
    source = PLAN.source(corpus)
    if source.kind == "folders":
        return []
    folders = [PLAN.archive(corpus, name).unpack_to for name in source.present]
    return expand(rules.unpack.output.folder, corpus=corpus, folder=folders)


def clip_root(corpus):
    """Folder that the paths in a corpus' manifest start from."""
    source = PLAN.source(corpus)
    if source.kind == "folders":
        return source.location
    return f"{RESULTS}/corpora/{corpus}/clips"


def manifest_of(corpus):
    return f"{RESULTS}/corpora/{corpus}/manifest.tsv"


def dataset_file(dataset):
    return f"{RESULTS}/datasets/{dataset}.tsv"


def audio_files(dataset, rate):
    """Data files of the packed audio; the index of each lies beside it."""
    return expand(
        f"{RESULTS}/audio/{dataset}/{rate}/shard{{shard}}.npy",
        shard=PLAN.shards(dataset),
    )


def feature_files(feature, dataset):
    """Data files of a feature store; the index of each lies beside it."""
    return expand(
        f"{RESULTS}/features/{feature}/{dataset}/shard{{shard}}.npy",
        shard=PLAN.shards(dataset),
    )


def split_file(experiment, name):
    return (
        f"{RESULTS}/splits/{experiment.paper}/{experiment.dataset}/"
        f"{experiment.split_name}/{name}"
    )


def part_files(experiment, name):
    """The file `name` of every part of an experiment and variant."""
    return expand(
        f"{RESULTS}/runs/{experiment.paper}/{experiment.experiment}/{experiment.variant}/"
        f"part{{part}}/{name}",
        part=PLAN.parts(experiment),
    )


def score_files(paper, experiments, name):
    """`<experiment>.tsv` or `<experiment>-confusion.tsv` of each experiment."""
    return [
        f"{RESULTS}/scores/{paper}/{experiment}{name}" for experiment in experiments
    ]


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
            figure=spec.figures,
            kind=["svg", "png"],
        ),
    ]


def archive_of_folder(wildcards):
    archives = PLAN.corpus(wildcards.corpus).archives
    name = next(a.name for a in archives if a.unpack_to == wildcards.folder)
    return f"{RESULTS}/corpora/{wildcards.corpus}/archives/{name}"


def part_inputs(wildcards):
    experiment = experiment_of(wildcards)
    return {
        "dataset": dataset_file(experiment.dataset),
        "features": feature_files(experiment.feature_name, experiment.dataset),
        "split": split_file(experiment, "roles.tsv"),
    }


def part_text(wildcards):
    return PLAN.part(experiment_of(wildcards), wildcards.part).canonical()


def predictions_by_variant(wildcards):
    return {
        variant: part_files(
            PLAN.experiment(wildcards.paper, wildcards.experiment, variant),
            "predictions.parquet",
        )
        for variant in PLAN.variants(wildcards.paper, wildcards.experiment)
    }


def table_experiments(paper, table):
    return PLAN.papers[paper].tables[table].experiments


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
            "manifest": manifest_of(corpus_of(experiment.dataset)),
        }
        if experiment.training:
            files[name]["model"] = part_files(experiment, "model.json")[0]
    return files


def figure_files(wildcards):
    """Experiment -> the files that the figure draws of it."""
    figure = PLAN.papers[wildcards.paper].figures[wildcards.figure]
    files_of = {
        "confusions": lambda name: score_files(
            wildcards.paper, [name], "-confusion.tsv"
        ),
        "histories": lambda name: part_files(
            PLAN.experiment(wildcards.paper, name, figure.variant), "history.tsv"
        ),
        "scores": lambda name: score_files(wildcards.paper, [name], ".tsv"),
        "examples": lambda name: [
            f"{RESULTS}/examples/{wildcards.paper}/{wildcards.figure}.npz"
        ],
    }[figure.draws]
    return {name: files_of(name) for name in figure.experiments}


def figures_that_draw(files):
    """Names of the figures that are drawn from such files."""
    figures = [pair for spec in PLAN.papers.values() for pair in spec.figures.items()]
    return sorted({name for name, figure in figures if figure.draws == files})


def shown_experiment(wildcards):
    """The experiment whose clips and transform a figure shows."""
    figure = PLAN.papers[wildcards.paper].figures[wildcards.figure]
    return PLAN.experiment(wildcards.paper, figure.experiments[0], figure.variant)


def shown_audio(wildcards):
    experiment = shown_experiment(wildcards)
    return audio_files(experiment.dataset, experiment.feature.sample_rate)


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
    tables = {
        name: [f"{RESULTS}/tables/{paper}/table{name}.tsv"] for name in spec.tables
    }
    if spec.text:
        tables["text"] = [
            f"{RESULTS}/tables/{paper}/{name}.tsv" for name in ("text", "settings")
        ]
    return tables


def flattened(files_by_subject):
    return [file for files in files_by_subject.values() for file in files]
