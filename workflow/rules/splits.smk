# Which clips train and which are held out, and what the two sides share.
rule split:
    input:
        datasets=lambda wc: [dataset_file(name) for name in split_datasets(wc)],
        rejected=f"{RESULTS}/datasets/{{dataset}}-rejected.tsv",
    output:
        roles="<results>/splits/{paper}/{dataset}/{split}/roles.tsv",
        audit="<results>/splits/{paper}/{dataset}/{split}/audit.tsv",
        facts="<results>/splits/{paper}/{dataset}/{split}/split.json",
    log:
        "<logs>/splits/{paper}/{dataset}/{split}.log",
    benchmark:
        "<benchmarks>/splits/{paper}/{dataset}/{split}.tsv"
    conda:
        ENVIRONMENT
    params:
        split=lambda wc: PLAN.split(wc.paper, wc.split).canonical(),
        code=PLAN.code("split.py"),
    script:
        "../scripts/split.py"
