# The plan, and the files that rules share.
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

WORKFLOW = Path(workflow.basedir) / "workflow"
ENVIRONMENT = str(Path(workflow.basedir) / "envs" / "retable.yaml")

sys.path.insert(0, str(WORKFLOW))

from retable.errors import RetableError
from retable.plan.plan import Plan
from retable.spec.corpus import corpus_of
from retable.spec.paper import Fusion, Verification

try:
    PLAN = Plan.of(config, WORKFLOW)
except RetableError as error:
    raise WorkflowError(str(error)) from None

RESULTS = f"{PLAN.project.config.results}/{PLAN.project.scale.scale}"


def any_of(names):
    """A wildcard's constraint: one of these names, or nothing where there are none."""
    return "|".join(re.escape(name) for name in names) or "(?!)"


wildcard_constraints:
    corpus=any_of(PLAN.corpora),
    dataset=any_of(PLAN.datasets()),
    feature=any_of(sorted({feature for feature, _ in PLAN.features()})),
    paper=any_of(PLAN.papers),
    experiment=any_of(PLAN.network_names() + PLAN.baseline_names()),
    fusion=any_of(sorted({fusion for _, fusion, _ in PLAN.fusions})),
    verification=any_of(sorted({name for _, name, _ in PLAN.verifications})),
    scored=any_of(sorted({name for _, name in PLAN.scored})),
    table=any_of(sorted({name for p in PLAN.papers.values() for name in p.tables})),
    layout="mono|stereo",
    standardise="band|band_and_channel",
    variant="paper|clean",
    archive=any_of([a.name for c in PLAN.corpora for a in PLAN.corpus(c).archives]),
    shard=r"\d+",
    part=r"\d+",
    rate=r"\d+",
