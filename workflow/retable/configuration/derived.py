"""What fusions and verifications ask of the experiments whose runs they decide with."""

from collections.abc import Iterator, Mapping

from retable.configuration.merging import nearest
from retable.configuration.references import Experiments
from retable.spec.paper import Fusion, Verification

Fusions = Mapping[str, Mapping[str, Fusion]]
"""Fusion -> variant -> spec."""

Verifications = Mapping[str, Mapping[str, Verification]]
"""Verification -> variant -> spec."""


def fusion_faults(fusions: Fusions, experiments: Experiments) -> Iterator[str]:
    """The members of a fusion must exist, in its `members_variant`, and score its task."""
    for name, variants in fusions.items():
        if name in experiments:
            yield f"fusions.{name}: an experiment has this name too; rename one"
        for fusion in variants.values():
            if (fusion.variant, fusion.members_variant) == ("paper", "clean"):
                yield (
                    f"fusions.{name}.members_variant: variant paper is built where clean is left "
                    "out, so that it cannot fuse clean runs; set it in the fusion's variants.clean"
                )
            for member in fusion.members:
                built = experiments.get(member, {})
                experiment = built.get(fusion.members_variant)
                where = f"fusions.{name}.members"
                if member not in experiments:
                    yield f"{where}: no experiment {member!r}; {nearest(member, experiments)}"
                elif built and experiment is None:
                    yield (
                        f"{where}: {member} has no variant {fusion.members_variant!r}; it has "
                        f"{', '.join(built)}"
                    )
                elif experiment is not None and fusion.task not in experiment.tasks:
                    yield (
                        f"{where}: {member} has no task {fusion.task!r}; it has "
                        f"{', '.join(experiment.tasks)}"
                    )
                elif experiment is not None and fusion.other_roles and not experiment.predict_train:
                    yield (
                        f"{where}: other_roles looks at training clips, which {member} does not "
                        f"predict; set its predict_train: true"
                    )


def verification_faults(
    verifications: Verifications, experiments: Experiments, fusions: Fusions
) -> Iterator[str]:
    """The experiment behind a verification must exist, know speakers and keep what is compared."""
    for name, variants in verifications.items():
        if name in experiments or name in fusions:
            yield f"verifications.{name}: an experiment or fusion has this name too; rename one"
        for verification in variants.values():
            decides = verification.experiment
            experiment = experiments.get(decides, {}).get("paper")
            where = f"verifications.{name}"
            if decides not in experiments:
                yield f"{where}.experiment: no experiment {decides!r}; " + nearest(
                    decides, experiments
                )
            elif experiment is not None and verification.task not in experiment.tasks:
                yield (
                    f"{where}.task: {decides} has no task {verification.task!r}; it has "
                    f"{', '.join(experiment.tasks)}"
                )
            elif verification.decision == "cosine" and experiment and not experiment.embed:
                yield f"{where}.experiment: {decides} keeps no embeddings; set its embed: true"
