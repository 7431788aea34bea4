# Rebuilds the result tables of the selected papers: `snakemake --cores 8 all`.
# What is built is decided by config.yaml and workflow/papers/; how, by the rules.
from snakemake.utils import min_version

min_version("9.20")


configfile: "config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/files.smk"
include: "workflow/rules/shown_files.smk"
include: "workflow/rules/checked_files.smk"


pathvars:
    results=RESULTS,
    logs=f"{RESULTS}/logs",
    benchmarks=f"{RESULTS}/benchmarks",


include: "workflow/rules/corpora.smk"
include: "workflow/rules/audio.smk"
include: "workflow/rules/features.smk"
include: "workflow/rules/splits.smk"
include: "workflow/rules/weights.smk"
include: "workflow/rules/training.smk"
include: "workflow/rules/evaluation.smk"
include: "workflow/rules/tables.smk"
include: "workflow/rules/report.smk"


rule all:
    """Every table and figure of the selected papers, the checks and the results page."""
    default_target: True
    input:
        [paper_files(paper) for paper in PLAN.papers],
        "<results>/checks.tsv",
        "<results>/index.html",


rule data:
    """Manifests of the corpora in use, and the datasets cut from them."""
    input:
        [manifest_of(corpus) for corpus in PLAN.corpora],
        [dataset_file(dataset) for dataset in PLAN.datasets()],


rule features:
    """Every feature that an experiment uses."""
    input:
        [feature_files(feature, dataset) for feature, dataset in PLAN.features()],


for _paper in PLAN.papers:

    rule:
        """Every table and figure of this paper."""
        name:
            _paper
        input:
            paper_files(_paper),


onsuccess:
    print(
        f"\nResults: {RESULTS}/ (tables and figures on one page: {RESULTS}/index.html)"
    )
