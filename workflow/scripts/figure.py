"""Draws one figure of a paper."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(snakemake.scriptdir).parent))

from pydantic import TypeAdapter

from retable.figures.style import write_figure
from retable.logs import job_log
from retable.spec.figure import Figure
from retable.tables.verdicts import TITLE_NOTES

with job_log(snakemake.log[0]):
    params = snakemake.params
    write_figure(
        TypeAdapter(Figure).validate_json(params.figure),
        {name: [Path(file) for file in files] for name, files in params.files.items()},
        params.titles,
        note=TITLE_NOTES[params.comparability],
        svg=Path(snakemake.output.svg),
        png=Path(snakemake.output.png),
    )
