"""What all specs share: strictness, and the text that stands for a spec in a job's parameters."""

import json
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Size = Annotated[int, Field(ge=1)]
"""How many samples, filters, frames or epochs there are: one at least."""


class Spec(BaseModel):
    """A frozen description; an unknown field is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def canonical(self) -> str:
        """Canonical JSON without the fields at their default: equal specs give equal text."""
        return canonical_json(self.model_dump(mode="json", exclude_defaults=True))

    def in_order(self) -> str:
        """The same with mappings in their own order, where that is part of the meaning."""
        return self.model_dump_json(exclude_defaults=True)

    def number_at(self, path: str) -> int | float:
        """The number that a dotted path such as `model.depth` or `model.filters.0` leads to.

        Raises:
            ValueError: it leads nowhere, or to something that is no number.
        """
        value = value_at(self.model_dump(mode="json"), path)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"{path} is {value!r}, no number")
        return value


def value_at(document: Any, path: str) -> Any:
    """The single value that a dotted path such as `filters.0` leads to in plain data.

    Raises:
        ValueError: it leads nowhere, or to a list or mapping; the message says what is there.
    """
    value = document
    for step in path.split("."):
        if isinstance(value, list):
            value = {str(place): entry for place, entry in enumerate(value)}
        if not isinstance(value, dict):
            raise ValueError(f"{path} leads nowhere: before {step!r} it is {value!r} already")
        if step not in value:
            raise ValueError(f"{path} leads nowhere: no {step!r} among {', '.join(value)}")
        value = value[step]
    if isinstance(value, dict | list):
        inside = value if isinstance(value, dict) else map(str, range(len(value)))
        raise ValueError(f"{path} is not a single value; name one of {', '.join(inside)}")
    return value


def canonical_json(value: Any) -> str:
    """JSON with sorted keys and no white space."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
