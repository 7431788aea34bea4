"""Support vector machines on feature vectors (gresnets, Tables 1 and 2: "SVM+S", "SVM+M").

The paper does not say what makes an SVM multi-task; the spec's `multitask` has the readings.

Scores are probabilities in form, made to agree with the decision: the softmax of the one-vs-rest
decision function, whose largest entry is, with `break_ties`, the class that `SVC.predict` gives.
They are not calibrated (calibration may change the decision, and SVC's own is deprecated).
"""

import math

import numpy as np
from scipy.special import softmax
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from retable.errors import DataError
from retable.spec.model import SupportVectorMachine

JOINT = "all tasks together"
"""Name of the one machine of `joint_labels`."""


class SupportVectorMachines:
    """RBF machines on standardised features, for one or more tasks.

    * `none`: one machine a task.
    * `shared_pca`: one machine a task on principal components that all share.
    * `joint_labels`: one machine whose classes are the combinations of labels that occur in
      training. A task's class scores as high as the best combination that it is part of (its
      max-marginal), rescaled to sum to one: unlike the sum over combinations, this always ranks
      first what the predicted combination holds.
    """

    def __init__(self, spec: SupportVectorMachine, seed: int):
        """Prepare unfitted machines; the seed reaches the PCA alone, SVC draws no numbers."""
        self.spec = spec
        self.seed = seed

    def fit(
        self, x: np.ndarray, targets: dict[str, np.ndarray], classes: dict[str, int]
    ) -> "SupportVectorMachines":
        """Fit all tasks.

        Args:
            x: (clips, features).
            targets: task -> class numbers (clips,).
            classes: task -> number of classes, those without a training clip included.

        Returns:
            This object.

        Raises:
            DataError: the training clips of a machine are of one class only.
        """
        self.classes = dict(classes)
        # One thread: sums of parallel linear algebra differ in their last bits between machines.
        with threadpool_limits(1):
            self._scaler = StandardScaler().fit(_float64(x))
            values = self._scaler.transform(_float64(x))
            self._pca = None
            if self.spec.multitask == "shared_pca":
                self._pca = self._principal_components(values)
                values = self._pca.transform(values)
            self._machines = {
                task: self._machine(task, values, labels)
                for task, labels in self._machine_targets(targets).items()
            }
        return self

    def scores(self, x: np.ndarray) -> dict[str, np.ndarray]:
        """Each task's scores (clips, classes), float32, non-negative, rows summing to one.

        The largest of a row is the class that the machine itself decides for (`SVC.predict`);
        classes without a training clip have zero.
        """
        with threadpool_limits(1):
            values = self._transform(x)
            if self.spec.multitask == "joint_labels":
                return self._max_marginals(values)
            return {
                task: _class_scores(machine, values, machine.classes_, self.classes[task])
                for task, machine in self._machines.items()
            }

    def _machine_targets(self, targets: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Labels of each machine: a task's own, or the number of the combination of all."""
        if self.spec.multitask != "joint_labels":
            return {task: targets[task] for task in self.classes}
        columns = [targets[task] for task in self.classes]
        return {JOINT: np.ravel_multi_index(columns, tuple(self.classes.values()))}

    def _machine(self, task: str, values: np.ndarray, labels: np.ndarray) -> SVC:
        if len(np.unique(labels)) < 2:
            raise DataError(
                f"SVM of task {task!r}: all {len(labels)} training clips are of class "
                f"{labels[0]}; expected two classes or more. Check the split and the dataset."
            )
        machine = SVC(
            kernel="rbf",
            C=self.spec.c,
            gamma=self.spec.gamma,
            decision_function_shape="ovr",
            break_ties=True,
        )
        return machine.fit(values, labels)

    def _principal_components(self, values: np.ndarray) -> PCA:
        components: float = self.spec.components
        if components >= 1:
            # A small training set has fewer components than a spec may ask for.
            components = min(math.floor(components), *values.shape)
        return PCA(components, svd_solver="full", random_state=self.seed).fit(values)

    def _transform(self, x: np.ndarray) -> np.ndarray:
        values = self._scaler.transform(_float64(x))
        return values if self._pca is None else self._pca.transform(values)

    def _split_joint(self, combinations: np.ndarray) -> dict[str, np.ndarray]:
        """Class number of each task in numbered combinations."""
        parts = np.unravel_index(combinations, tuple(self.classes.values()))
        return dict(zip(self.classes, parts, strict=True))

    def _max_marginals(self, values: np.ndarray) -> dict[str, np.ndarray]:
        machine = self._machines[JOINT]
        return {
            task: _class_scores(machine, values, part, self.classes[task])
            for task, part in self._split_joint(machine.classes_).items()
        }


def _float64(x: np.ndarray) -> np.ndarray:
    return np.asarray(x, dtype=np.float64)


def _class_scores(
    machine: SVC, values: np.ndarray, class_of_column: np.ndarray, classes: int
) -> np.ndarray:
    """Softmax over classes of the best decision value among the machine's labels of each class.

    Args:
        machine: fitted; its labels are classes or combinations of them.
        values: (clips, features) as the machine takes them.
        class_of_column: class that each of the machine's labels stands for or holds.
        classes: number of classes.

    Returns:
        Float32 (clips, classes).
    """
    decisions = machine.decision_function(values)
    if decisions.ndim == 1:
        # Two labels: one signed distance, positive for the second.
        decisions = np.stack([-decisions, decisions], axis=1)
    best = np.full((len(values), classes), -np.inf)
    for column, label in enumerate(class_of_column):
        best[:, label] = np.maximum(best[:, label], decisions[:, column])
    scores = softmax(best, axis=1).astype(np.float32)
    chosen = class_of_column[np.searchsorted(machine.classes_, machine.predict(values))]
    # Decision values that are equal, or become so in float32, would leave the choice to argmax.
    tied = scores.argmax(axis=1) != chosen
    scores[tied, chosen[tied]] = np.nextafter(scores[tied].max(axis=1), np.float32(2))
    return scores
