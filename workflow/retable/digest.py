"""Code digests: a text that changes when, and only when, the code behind a job changes.

Snakemake does not track the modules that a script imports, so each rule carries this digest as a
parameter. It covers the static import closure of the script within the package, lazy imports
included, plus the registered modules that the job's spec names. Comments, formatting and docstrings
do not count.
"""

import ast
import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

PACKAGE = "retable"

UNDIGESTED = (
    "retable.spec",
    "retable.configuration",
    "retable.plan",
    "retable.digest",
    "retable.registry",
    "retable.errors",
    "retable.logs",
)
"""What these hold reaches a job as its spec, or is only the wording of a message."""


def code_digest(script: Path, package: Path, modules: Iterable[str] = ()) -> str:
    """SHA-256 (16 hex digits) over the code of `script`, of `modules` and of all they import.

    Args:
        script: adapter that the rule runs.
        package: folder of the package.
        modules: names of modules that are imported by name at run time.

    Raises:
        FileNotFoundError: a module of the package that is imported does not exist.
    """
    closure: dict[str, Path] = {}
    pending = [*_imports(script, package), *(_module_path(name, package) for name in modules)]
    while pending:
        path = pending.pop()
        name = str(path.relative_to(package))
        if name not in closure:
            closure[name] = path
            pending.extend(_imports(path, package))
    lines = [f"{name} {_syntax_digest(path)}" for name, path in sorted(closure.items())]
    return hashlib.sha256("\n".join([_syntax_digest(script), *lines]).encode()).hexdigest()[:16]


@cache
def _syntax_tree(path: Path) -> ast.Module:
    return ast.parse(path.read_bytes(), filename=str(path))


@cache
def _syntax_digest(path: Path) -> str:
    tree = _syntax_tree(path)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [  # type: ignore[attr-defined]
                child for child in body if not _is_bare_string(child)
            ]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()


def _is_bare_string(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


@cache
def _imports(path: Path, package: Path) -> tuple[Path, ...]:
    """Files of the package that `path` imports anywhere in its code."""
    names: set[str] = set()
    for node in ast.walk(_syntax_tree(path)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                submodule = f"{node.module}.{alias.name}"
                names.add(submodule if _is_module(submodule, package) else node.module)
    ours = [name for name in names if name.split(".")[0] == PACKAGE]
    return tuple(_module_path(name, package) for name in sorted(ours) if not _undigested(name))


def _undigested(name: str) -> bool:
    return any(name == prefix or name.startswith(f"{prefix}.") for prefix in UNDIGESTED)


def _is_module(name: str, package: Path) -> bool:
    try:
        _module_path(name, package)
    except FileNotFoundError:
        return False
    return True


@cache
def _module_path(name: str, package: Path) -> Path:
    base = package.joinpath(*name.split(".")[1:])
    for candidate in (base.with_suffix(".py"), base / "__init__.py"):
        if candidate.is_file():
            return candidate
    raise FileNotFoundError(f"{name} is imported but {base}.py does not exist")
