# The plan, and the files that rules share.
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

WORKFLOW = Path(workflow.basedir) / "workflow"
ENVIRONMENT = str(Path(workflow.basedir) / "envs" / "retable.yaml")

sys.path.insert(0, str(WORKFLOW))

from retable.errors import RetableError
from retable.plan import Plan

try:
    PLAN = Plan.of(config, WORKFLOW)
except RetableError as error:
    raise WorkflowError(str(error)) from None

RESULTS = f"{PLAN.project.config.results}/{PLAN.project.scale.scale}"


def any_of(names):
    """A wildcard's constraint: one of these names, or nothing where there are none."""
    return "|".join(re.escape(name) for name in names) or "(?!)"


wildcard_constraints:
    corpus=any_of(PLAN.corpora),
    dataset=any_of(PLAN.datasets()),
    feature=any_of(sorted({feature for feature, _ in PLAN.features()})),
    paper=any_of(PLAN.papers),
    experiment=any_of(PLAN.network_names() + PLAN.baseline_names()),
    variant="paper|clean",
    shard=r"\d+",
    part=r"\d+",
    rate=r"\d+",


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
    return [f"{RESULTS}/scores/{paper}/{experiment}{name}" for experiment in experiments]


def paper_files(paper):
    """Every table and figure of a paper."""
    spec = PLAN.papers[paper]
    tables = [f"table{table}" for table in spec.tables]
    texts = ["text", "settings"] if spec.text else []
    return [
        *expand(f"{RESULTS}/tables/{paper}/{{name}}.{{kind}}", name=tables, kind=["tsv", "md", "tex"]),
        *expand(f"{RESULTS}/tables/{paper}/{{name}}.{{kind}}", name=texts, kind=["tsv", "md"]),
        *expand(f"{RESULTS}/figures/{paper}/{{figure}}.{{kind}}", figure=spec.figures, kind=["svg", "png"]),
    ]
