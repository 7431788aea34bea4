# Scores and confusion counts of an experiment, all its variants together.
rule score:
    input:
        unpack(predictions_by_variant),
    output:
        scores="<results>/scores/{paper}/{experiment}.tsv",
        confusion="<results>/scores/{paper}/{experiment}-confusion.tsv",
    log:
        "<logs>/score/{paper}/{experiment}.log",
    conda:
        ENVIRONMENT
    params:
        code=PLAN.code("score.py"),
    script:
        "../scripts/score.py"
