# Scores and confusion counts of an experiment, all its variants together.
def predictions_by_variant(wildcards):
    return {
        variant: part_files(
            PLAN.experiment(wildcards.paper, wildcards.experiment, variant),
            "predictions.parquet",
        )
        for variant in PLAN.variants(wildcards.paper, wildcards.experiment)
    }


rule score:
    input:
        unpack(predictions_by_variant),
    output:
        scores="<results>/scores/{paper}/{experiment}.tsv",
        confusion="<results>/scores/{paper}/{experiment}-confusion.tsv",
    log:
        "<logs>/score/{paper}/{experiment}.log",
    params:
        code=PLAN.code("score.py"),
    conda:
        ENVIRONMENT
    script:
        "../scripts/score.py"
