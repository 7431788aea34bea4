"""Checks the whole build."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(snakemake.scriptdir).parent))

from retable.checks.build import build_checks
from retable.checks.check import write_checks
from retable.logs import job_log
from retable.spec.corpus import Promise

with job_log(snakemake.log.job):
    params = snakemake.params
    papers = Path(snakemake.scriptdir).parent / "papers"
    checks = build_checks(
        manifests=params.manifests,
        promises={
            corpus: Promise.model_validate_json(text) for corpus, text in params.promises.items()
        },
        splits=params.splits,
        predictions=params.predictions,
        roles=params.roles,
        fusions=params.fusions,
        other_roles=params.other_roles,
        verifications=params.verifications,
        scores=params.scores,
        tables={
            str(papers / paper / "published.csv"): tables for paper, tables in params.tables.items()
        },
        removed={
            str(papers / paper / "published.csv"): tables
            for paper, tables in params.removed.items()
        },
    )
    # The log first: it outlives this job, which a failed check fails.
    write_checks(checks, Path(snakemake.log.checks))
    write_checks(checks, Path(snakemake.output.checks))
