"""Writes one numbered table of a paper."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(snakemake.scriptdir).parent))

from retable.logs import job_log
from retable.spec.table import Table
from retable.tables.files import write_table
from retable.tables.results import source_paths

with job_log(snakemake.log[0]):
    params = snakemake.params
    papers = Path(snakemake.scriptdir).parent / "papers"
    write_table(
        Table.model_validate_json(params.table),
        published=papers / snakemake.wildcards.paper / "published.csv",
        table_name=snakemake.wildcards.table,
        scores=dict(zip(params.experiments, map(Path, snakemake.input.scores), strict=True)),
        confusions=dict(
            zip(params.experiments, map(Path, snakemake.input.confusions), strict=True)
        ),
        sources=source_paths(params.sources),
        missing=params.missing,
        comparability=params.comparability,
        note=params.note,
        tsv=Path(snakemake.output.tsv),
        markdown=Path(snakemake.output.markdown),
        latex=Path(snakemake.output.latex),
    )
