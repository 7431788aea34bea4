# Networks are trained and baselines fitted, some runs of one experiment and variant a job.
TRAINED = {
    "predictions": "<results>/runs/{paper}/{experiment}/{variant}/part{part}/predictions.parquet",
    "runs": "<results>/runs/{paper}/{experiment}/{variant}/part{part}/run.json",
    "history": "<results>/runs/{paper}/{experiment}/{variant}/part{part}/history.tsv",
    "model": "<results>/runs/{paper}/{experiment}/{variant}/part{part}/model.json",
    "weights": directory(
        "<results>/runs/{paper}/{experiment}/{variant}/part{part}/models"
    ),
}


rule train:
    input:
        lambda wc: files_in(part_inputs(wc)),
        warm_starts,
        # Touched, the same weights rerun nothing: the record beside them has their checksums.
        lambda wc: [ancient(file) for file in published_weights(wc)],
        lambda wc: [
            file.replace(".safetensors", ".json") for file in published_weights(wc)
        ],
    output:
        **TRAINED,
    log:
        "<logs>/train/{paper}/{experiment}-{variant}-part{part}.log",
    benchmark:
        "<benchmarks>/train/{paper}/{experiment}-{variant}-part{part}.tsv"
    wildcard_constraints:
        experiment=any_of(PLAN.network_names()),
    # What others wait for goes first.
    priority: lambda wc: PLAN.stages_after(wc.paper, wc.experiment)
    conda:
        ENVIRONMENT
    params:
        part=part_text,
        inputs=part_inputs,
        warm_starts=warm_starts,
        weights=published_weights,
        code=lambda wc: PLAN.model_code("train.py", experiment_of(wc)),
    script:
        "../scripts/train.py"


# The same, and the embeddings of all clips that verifications compare.
use rule train as train_and_embed with:
    output:
        **TRAINED,
        embeddings="<results>/runs/{paper}/{experiment}/{variant}/part{part}/embeddings.parquet",
    wildcard_constraints:
        experiment=any_of(PLAN.embedding_names()),


ruleorder: train_and_embed > train


rule fit:
    input:
        lambda wc: files_in(part_inputs(wc)),
    output:
        predictions="<results>/runs/{paper}/{experiment}/{variant}/part{part}/predictions.parquet",
        runs="<results>/runs/{paper}/{experiment}/{variant}/part{part}/run.json",
    log:
        "<logs>/fit/{paper}/{experiment}-{variant}-part{part}.log",
    benchmark:
        "<benchmarks>/fit/{paper}/{experiment}-{variant}-part{part}.tsv"
    wildcard_constraints:
        experiment=any_of(PLAN.baseline_names()),
    conda:
        ENVIRONMENT
    params:
        part=part_text,
        inputs=part_inputs,
        code=lambda wc: PLAN.model_code("fit.py", experiment_of(wc)),
    script:
        "../scripts/fit.py"
