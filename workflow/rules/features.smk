# Features in a packed store; each shard is a job, made from the audio shard of the same number.
rule extract_features:
    input:
        audio=lambda wc: (
            f"{audio_folder(wc.dataset, PLAN.feature(wc.feature))}/shard{wc.shard}.npy"
        ),
    output:
        data="<results>/features/{feature}/{dataset}/shard{shard}.npy",
        index="<results>/features/{feature}/{dataset}/shard{shard}.json",
    log:
        "<logs>/features/{feature}/{dataset}/shard{shard}.log",
    benchmark:
        "<benchmarks>/features/{feature}/{dataset}/shard{shard}.tsv"
    conda:
        ENVIRONMENT
    params:
        feature=lambda wc: PLAN.feature(wc.feature).canonical(),
        code=lambda wc: PLAN.feature_code("extract_features.py", wc.feature),
    script:
        "../scripts/extract_features.py"


# What makes features zero mean and unit variance, from the training clips of each fold alone.
rule standardise:
    input:
        features=lambda wc: features_of(wc.feature, split_datasets(wc)),
        roles="<results>/splits/{paper}/{dataset}/{split}/roles.tsv",
    output:
        table="<results>/standardisations/{paper}/{dataset}/{split}/{feature}-{standardise}.tsv",
    log:
        "<logs>/standardisations/{paper}/{dataset}/{split}/{feature}-{standardise}.log",
    benchmark:
        "<benchmarks>/standardisations/{paper}/{dataset}/{split}/{feature}-{standardise}.tsv"
    conda:
        ENVIRONMENT
    params:
        code=PLAN.code("standardise.py"),
    script:
        "../scripts/standardise.py"


# What a figure shows of the audio itself, so that drawing it needs none.
rule examples:
    input:
        dataset=lambda wc: dataset_file(shown_experiment(wc).inputs[0].dataset),
        audio=shown_audio,
    output:
        examples="<results>/examples/{paper}/{figure}.npz",
    log:
        "<logs>/examples/{paper}/{figure}.log",
    benchmark:
        "<benchmarks>/examples/{paper}/{figure}.tsv"
    wildcard_constraints:
        figure=any_of(figures_that_draw("examples")),
    conda:
        ENVIRONMENT
    params:
        clips=lambda wc: (
            PLAN.papers[wc.paper].figures[wc.figure].example_clips().canonical()
        ),
        feature=lambda wc: shown_experiment(wc).inputs[0].feature.canonical(),
        code=PLAN.code("examples.py"),
    script:
        "../scripts/examples.py"


# The same for what a network sees of two inputs and their mixture.
rule patch_examples:
    input:
        lambda wc: files_in(experiment_inputs(shown_experiment(wc))),
    output:
        examples="<results>/examples/{paper}/{figure}.npz",
    log:
        "<logs>/examples/{paper}/{figure}.log",
    benchmark:
        "<benchmarks>/examples/{paper}/{figure}.tsv"
    wildcard_constraints:
        figure=any_of(figures_that_draw("patches")),
    conda:
        ENVIRONMENT
    params:
        figure=lambda wc: PLAN.papers[wc.paper].figures[wc.figure].drawn_text(),
        inputs=lambda wc: experiment_inputs(shown_experiment(wc)),
        tasks=lambda wc: [one.tasks[0] for one in shown_experiment(wc).inputs],
        weight=lambda wc: PLAN.first_share(shown_experiment(wc)),
        code=PLAN.code("patch_examples.py"),
    script:
        "../scripts/patch_examples.py"


# And what a trained network attends to in the clips that it tests.
rule attention_examples:
    input:
        lambda wc: files_in(experiment_inputs(shown_experiment(wc))),
        weights=lambda wc: part_files(shown_experiment(wc), "models", ["0"])[0],
    output:
        examples="<results>/examples/{paper}/{figure}.npz",
    log:
        "<logs>/examples/{paper}/{figure}.log",
    benchmark:
        "<benchmarks>/examples/{paper}/{figure}.tsv"
    wildcard_constraints:
        figure=any_of(figures_that_draw("attention")),
    conda:
        ENVIRONMENT
    params:
        classes=lambda wc: PLAN.papers[wc.paper].figures[wc.figure].classes,
        part=lambda wc: PLAN.part(shown_experiment(wc), "0").canonical(),
        inputs=lambda wc: experiment_inputs(shown_experiment(wc)),
        code=lambda wc: PLAN.model_code("attention_examples.py", shown_experiment(wc)),
    script:
        "../scripts/attention_examples.py"
