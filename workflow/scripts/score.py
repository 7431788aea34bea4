"""Scores an experiment or a fusion from its predictions."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(snakemake.scriptdir).parent))

from retable.evaluation.scoring import score_experiment
from retable.logs import job_log

with job_log(snakemake.log[0]):
    score_experiment(
        {
            variant: [Path(path) for path in ([paths] if isinstance(paths, str) else paths)]
            for variant, paths in snakemake.input.items()
        },
        snakemake.params.poolings,
        Path(snakemake.output.scores),
        Path(snakemake.output.confusion),
    )
