"""A code digest changes when, and only when, the code behind a job does."""

import ast
import shutil

import pytest

from repository import WORKFLOW
from retable.digest import code_digest

SCRIPT = """
from retable.training import train
from retable.errors import RetableError
from retable.spec.part import Part

train()
"""
PACKAGE = {
    "__init__.py": '"""A package."""\n',
    "training.py": (
        "import numpy\n"
        "from retable.features import store\n\n"
        "EPOCHS = 3\n\n\n"
        "def train():\n"
        '    """Trains."""\n'
        "    from retable.metrics import accuracy\n"
        "    return accuracy(store.read(), EPOCHS)\n"
    ),
    "features/__init__.py": '"""Features."""\n',
    "features/store.py": "from retable.registry import load\n\n\ndef read():\n    return load()\n",
    "features/unused.py": "ROWS = 1\n",
    "metrics.py": "def accuracy(x, epochs):\n    return x * epochs\n",
    "models/__init__.py": "",
    "models/small.py": "import retable.models.layers\n\nWIDTH = 8\n",
    "models/large.py": "WIDTH = 512\n",
    "models/layers.py": "KERNEL = 3\n",
    "registry.py": 'MODELS = {"small": "retable.models.small"}\n\n\ndef load():\n    return 1\n',
    "spec/__init__.py": "",
    "spec/part.py": "class Part:\n    runs = 1\n",
    "configuration/__init__.py": "",
    "configuration/project.py": "KEYS = 1\n",
    "plan.py": "JOBS = 1\n",
    "digest.py": "LENGTH = 16\n",
    "logs.py": "LEVEL = 1\n",
    "errors.py": "class RetableError(Exception):\n    pass\n",
}


@pytest.fixture
def digest(tmp_path):
    """Digest of the script with files of the package changed: {file: (old, new)}."""
    built = []

    def digest_with(*changes: tuple[str, str, str], modules=()) -> str:
        folder = tmp_path / str(len(built))
        built.append(folder)
        for name, text in {"script.py": SCRIPT, **PACKAGE}.items():
            for changed, old, new in changes:
                if changed == name:
                    assert old in text
                    text = text.replace(old, new)
            path = folder / "retable" / name if name != "script.py" else folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return code_digest(folder / "script.py", folder / "retable", modules)

    return digest_with


def test_it_does_not_depend_on_where_the_package_lies(digest):
    assert digest() == digest()
    assert len(digest()) == 16 and int(digest(), 16) >= 0


@pytest.mark.parametrize(
    "change",
    [
        ("training.py", "EPOCHS = 3", "EPOCHS = 3  # the papers say 100"),
        ("training.py", "EPOCHS = 3", "EPOCHS=( 3 )"),
        ("training.py", '"""Trains."""', '"""Trains for three epochs."""'),
        ("training.py", '    """Trains."""\n', ""),
        ("metrics.py", "def accuracy", '"""Metrics."""\n\n\ndef accuracy'),
        ("features/__init__.py", "Features.", "All features."),
        ("script.py", "train()", "train()  # runs"),
    ],
)
def test_comments_docstrings_and_formatting_do_not_count(digest, change):
    assert digest(change) == digest()


@pytest.mark.parametrize(
    "change",
    [
        ("script.py", "train()", "train(); train()"),
        ("training.py", "EPOCHS = 3", "EPOCHS = 4"),
        ("features/store.py", "return load()", "return -load()"),
        ("metrics.py", "x * epochs", "x + epochs"),
    ],
    ids=["the script", "an import", "an import of an import", "an import within a function"],
)
def test_code_counts(digest, change):
    assert digest(change) != digest()


def test_a_text_that_is_no_docstring_counts(digest):
    before = ("training.py", "EPOCHS = 3", 'EPOCHS = "three"')
    after = ("training.py", "EPOCHS = 3", 'EPOCHS = "four"')
    assert digest(before) != digest(after)


def test_modules_that_are_not_imported_do_not_count(digest):
    assert digest(("features/unused.py", "1", "2")) == digest()
    assert digest(("models/small.py", "8", "9")) == digest()


def test_a_registered_module_counts_with_its_imports_where_it_is_named(digest):
    small, large = ["retable.models.small"], ["retable.models.large"]
    changes = {
        "the module": ("models/small.py", "WIDTH = 8", "WIDTH = 9"),
        "its import": ("models/layers.py", "KERNEL = 3", "KERNEL = 5"),
    }
    assert digest(modules=small) != digest()
    for change in changes.values():
        assert digest(change, modules=small) != digest(modules=small)
        assert digest(change, modules=large) == digest(modules=large)


@pytest.mark.parametrize(
    "change",
    [
        ("spec/part.py", "runs = 1", "runs = 2"),
        ("configuration/project.py", "1", "2"),
        ("plan.py", "1", "2"),
        ("digest.py", "16", "17"),
        ("registry.py", "return 1", "return 2"),
        ("errors.py", "pass", "code = 2"),
        ("logs.py", "1", "2"),
    ],
)
def test_what_reaches_a_job_as_its_spec_does_not_count(digest, change):
    everything = (
        "training.py",
        "import numpy\n",
        "from retable import configuration, digest, logs, plan\n"
        "from retable.configuration import project\n"
        "import retable.errors, retable.registry, retable.spec.part\n",
    )
    assert digest(change, everything) == digest(everything)


@pytest.mark.parametrize(
    "missing",
    [
        "import retable.model",
        "from retable.model import WIDTH",
        "from retable.models.medium import WIDTH",
    ],
)
def test_a_module_that_does_not_exist_is_an_error(digest, missing):
    with pytest.raises(FileNotFoundError, match=r"retable\.model\S* is imported but .* does not"):
        digest(("metrics.py", "def accuracy", f"{missing}\n\n\ndef accuracy"))
    with pytest.raises(FileNotFoundError, match=r"retable\.models\.medium is imported"):
        digest(modules=["retable.models.medium"])


@pytest.fixture(scope="module")
def edited_workflow(tmp_path_factory):
    """A copy of the workflow in which a constant of the gated residual network is changed."""
    copy = tmp_path_factory.mktemp("edited") / "workflow"
    for folder in ("retable", "scripts"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(WORKFLOW / folder, copy / folder, ignore=ignored)
    gresnet = copy / "retable" / "models" / "gresnet.py"
    text = gresnet.read_text()
    assert "GRID_CELLS = 4" in text
    gresnet.write_text(text.replace("GRID_CELLS = 4", "GRID_CELLS = 5"))
    return copy


@pytest.mark.parametrize(
    ("script", "modules", "changes"),
    [
        ("train.py", ["retable.models.gresnet"], True),
        ("train.py", [], False),
        ("fit.py", ["retable.baselines.svm"], False),
        ("extract_features.py", ["retable.features.spectrogram"], False),
        ("score.py", [], False),
        ("table.py", [], False),
        ("check.py", ["retable.corpora.ravdess"], False),
    ],
)
def test_an_edit_of_a_network_reaches_only_its_trainings(edited_workflow, script, modules, changes):
    before, after = (
        code_digest(workflow / "scripts" / script, workflow / "retable", modules)
        for workflow in (WORKFLOW, edited_workflow)
    )
    assert (before != after) == changes


def test_the_package_is_written_so_that_the_digest_sees_every_import():
    """It follows absolute imports of modules, and packages whose `__init__.py` do nothing."""
    for path in sorted((WORKFLOW / "retable").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if path.name == "__init__.py":
            assert ast.get_docstring(tree) and len(tree.body) == 1, path
        for node in ast.walk(tree):
            assert not (isinstance(node, ast.ImportFrom) and node.level), f"{path}: relative import"
            if path.name != "registry.py":
                by_name = isinstance(node, ast.Name) and node.id in ("import_module", "__import__")
                assert not by_name, f"{path}: import by name, which only the registry may do"
