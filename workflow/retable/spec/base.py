"""What all specs share: strictness, and the text that stands for a spec in a job's parameters."""

import json
from typing import Any

from pydantic import BaseModel, ConfigDict


class Spec(BaseModel):
    """A frozen description; an unknown field is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def canonical(self) -> str:
        """Canonical JSON without the fields at their default: equal specs give equal text."""
        return canonical_json(self.model_dump(mode="json", exclude_defaults=True))

    def in_order(self) -> str:
        """The same with mappings in their own order, where that is part of the meaning."""
        return self.model_dump_json(exclude_defaults=True)


def canonical_json(value: Any) -> str:
    """JSON with sorted keys and no white space."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
