"""Reads the YAML files of the workflow."""

from pathlib import Path
from typing import Any

import yaml

from retable.errors import ConfigError


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping that a YAML file holds.

    Raises:
        ConfigError: the file is missing, is no YAML, or holds no mapping; names line and column.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except FileNotFoundError:
        raise ConfigError(str(path), ["the file does not exist"]) from None
    except yaml.YAMLError as error:
        raise ConfigError(str(path), [f"no valid YAML: {error}"]) from None
    if not isinstance(content, dict):
        raise ConfigError(str(path), [f"expected keys and values, found {type(content).__name__}"])
    return content


def names_below(folder: Path, suffix: str = "") -> list[str]:
    """Names that a user can choose: the files (without suffix) or folders in `folder`."""
    if suffix:
        return sorted(path.stem for path in folder.glob(f"*{suffix}"))
    return sorted(path.name for path in folder.iterdir() if path.is_dir())
