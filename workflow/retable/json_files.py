"""JSON files that are read by people too: equal content gives equal bytes."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def write_json(content: Mapping[str, Any] | Sequence[Any], path: Path) -> None:
    """Write an object or a list, a line an entry, with keys in their own order."""
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
