import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.metrics import accuracy_score
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from threadpoolctl import threadpool_limits

from retable.baselines.svm import SupportVectorMachines
from retable.errors import DataError
from retable.spec.model import SupportVectorMachine

CLASSES = {"emotion": 4, "vocal_channel": 2}
ALL_READINGS = ["none", "shared_pca", "joint_labels"]


def machine(multitask: str, **fields: object) -> SupportVectorMachine:
    return SupportVectorMachine.model_validate(
        {"kind": "svm", "c": 1.0, "gamma": "scale", "multitask": multitask, **fields}
    )


def clips(number: int, seed: int, noise: float = 1.5) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Overlapping clouds: 20 features, each class of each task at a fixed place."""
    places = np.random.default_rng(99)
    centres = {task: 2 * places.standard_normal((count, 20)) for task, count in CLASSES.items()}
    generator = np.random.default_rng(seed)
    targets = {task: generator.integers(0, count, number) for task, count in CLASSES.items()}
    x = sum(centres[task][target] for task, target in targets.items())
    x = 100 + 30 * (x + noise * generator.standard_normal((number, 20)))
    return x.astype(np.float32), targets


def decided(
    multitask: str, x: np.ndarray, targets: dict[str, np.ndarray], unseen: np.ndarray
) -> dict[str, np.ndarray]:
    """The class of each unseen clip by scikit-learn alone."""

    def predicted(labels: np.ndarray) -> np.ndarray:
        seen, new = x.astype(np.float64), unseen.astype(np.float64)
        steps = [StandardScaler()]
        if multitask == "shared_pca":
            steps.append(PCA(0.99, svd_solver="full"))
        for step in steps:
            step.fit(seen)
            seen, new = step.transform(seen), step.transform(new)
        return SVC(break_ties=True).fit(seen, labels).predict(new)

    # Ties are decided by the last bits, which depend on the number of threads.
    with threadpool_limits(1):
        if multitask == "joint_labels":
            emotion, channel = np.divmod(
                predicted(2 * targets["emotion"] + targets["vocal_channel"]), 2
            )
            return {"emotion": emotion, "vocal_channel": channel}
        return {task: predicted(labels) for task, labels in targets.items()}


@pytest.mark.parametrize("multitask", ALL_READINGS)
def test_every_reading_learns_both_tasks(multitask):
    x, targets = clips(200, seed=0)
    unseen, truth = clips(300, seed=1)
    fitted = SupportVectorMachines(machine(multitask), seed=0).fit(x, targets, CLASSES)
    for task, scores in fitted.scores(unseen).items():
        assert accuracy_score(truth[task], scores.argmax(axis=1)) > 0.85


@pytest.mark.parametrize("multitask", ALL_READINGS)
@pytest.mark.parametrize("noise", [1.5, 8.0])
def test_the_best_score_is_the_decision_of_the_machine(multitask, noise):
    x, targets = clips(150, seed=0, noise=noise)
    unseen, _ = clips(2000, seed=1, noise=noise)
    fitted = SupportVectorMachines(machine(multitask), seed=0).fit(x, targets, CLASSES)
    decisions = decided(multitask, x, targets, unseen)
    for task, scores in fitted.scores(unseen).items():
        assert scores.dtype == np.float32
        assert scores.shape == (2000, CLASSES[task])
        assert (scores >= 0).all()
        np.testing.assert_allclose(scores.sum(axis=1), 1, rtol=1e-5)
        np.testing.assert_array_equal(scores.argmax(axis=1), decisions[task])


@pytest.mark.parametrize("multitask", ALL_READINGS)
def test_equal_clips_of_different_classes_do_not_part_score_and_decision(multitask):
    """Decision values of zero and ties: the same clips under every combination of labels."""
    x, _ = clips(6, seed=0)
    combinations = np.indices((4, 2)).reshape(2, -1)
    targets = {
        task: np.repeat(labels, len(x)) for task, labels in zip(CLASSES, combinations, strict=True)
    }
    repeated = np.tile(x, (8, 1))
    fitted = SupportVectorMachines(machine(multitask), seed=0).fit(repeated, targets, CLASSES)
    decisions = decided(multitask, repeated, targets, repeated)
    for task, scores in fitted.scores(repeated).items():
        np.testing.assert_array_equal(scores.argmax(axis=1), decisions[task])


@pytest.mark.parametrize("multitask", ALL_READINGS)
def test_a_class_without_a_training_clip_has_zero_and_the_others_keep_their_places(multitask):
    x, targets = clips(300, seed=0)
    kept = targets["emotion"] != 1
    unseen, truth = clips(300, seed=1)
    fitted = SupportVectorMachines(machine(multitask), seed=0).fit(
        x[kept], {task: target[kept] for task, target in targets.items()}, CLASSES
    )
    scores = fitted.scores(unseen)["emotion"]
    assert scores.shape == (300, 4)
    assert (scores[:, 1] == 0).all()
    others = truth["emotion"] != 1
    assert accuracy_score(truth["emotion"][others], scores[others].argmax(axis=1)) > 0.85


def test_a_combination_without_a_training_clip_does_not_rule_out_its_parts():
    x, targets = clips(300, seed=0)
    kept = ~((targets["emotion"] == 2) & (targets["vocal_channel"] == 1))
    fitted = SupportVectorMachines(machine("joint_labels"), seed=0).fit(
        x[kept], {task: target[kept] for task, target in targets.items()}, CLASSES
    )
    for scores in fitted.scores(clips(300, seed=1)[0]).values():
        assert (scores > 0).all()


@pytest.mark.parametrize("multitask", ALL_READINGS)
def test_equal_inputs_give_equal_bytes(multitask):
    x, targets = clips(150, seed=0)
    unseen, _ = clips(50, seed=1)
    first, second = (
        SupportVectorMachines(machine(multitask), seed=0).fit(x, targets, CLASSES).scores(unseen)
        for _ in range(2)
    )
    for task in CLASSES:
        assert first[task].tobytes() == second[task].tobytes()


def test_units_of_the_features_do_not_matter():
    x, targets = clips(150, seed=0)
    unseen, _ = clips(50, seed=1)
    units = np.logspace(-3, 3, 20)
    plain = SupportVectorMachines(machine("none"), seed=0).fit(x, targets, CLASSES)
    scaled = SupportVectorMachines(machine("none"), seed=0).fit(x * units, targets, CLASSES)
    np.testing.assert_allclose(
        plain.scores(unseen)["emotion"], scaled.scores(unseen * units)["emotion"], atol=1e-2
    )


def test_fewer_components_lose_what_lies_beyond_them():
    x, targets = clips(200, seed=0)
    unseen, truth = clips(300, seed=1)
    accuracies = []
    for components in (1, 0.99):
        spec = machine("shared_pca", components=components)
        scores = SupportVectorMachines(spec, seed=0).fit(x, targets, CLASSES).scores(unseen)
        accuracies.append(accuracy_score(truth["emotion"], scores["emotion"].argmax(axis=1)))
    assert accuracies[0] + 0.1 < accuracies[1]


def test_more_components_than_there_are_keep_them_all():
    x, targets = clips(150, seed=0)
    unseen, _ = clips(50, seed=1)
    scores = [
        SupportVectorMachines(machine("shared_pca", components=components), seed=0)
        .fit(x, targets, CLASSES)
        .scores(unseen)["emotion"]
        for components in (20, 500)
    ]
    np.testing.assert_array_equal(*scores)


def test_a_single_task():
    x, targets = clips(150, seed=0)
    fitted = SupportVectorMachines(machine("none"), seed=0)
    fitted.fit(x, {"emotion": targets["emotion"]}, {"emotion": 4})
    assert fitted.scores(x).keys() == {"emotion"}


def test_training_clips_of_one_class_are_refused():
    x, targets = clips(20, seed=0)
    targets["vocal_channel"][:] = 1
    with pytest.raises(DataError, match="'vocal_channel': all 20 training clips are of class 1"):
        SupportVectorMachines(machine("none"), seed=0).fit(x, targets, CLASSES)
