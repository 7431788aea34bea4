"""Turns validation errors into lines that name the key, the value and what is allowed or near."""

from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from retable.configuration.merging import nearest

Path = tuple[int | str, ...]

TYPES: dict[Any, str] = {
    bool: "true or false", int: "a whole number", float: "a number", str: "text",
    tuple: "a list", list: "a list", dict: "keys and values",
}  # fmt: skip
"""What messages call the types of fields."""


def faults_of(error: ValidationError, kind: Any, where: str = "") -> list[str]:
    """One line per fault of `error`, each beginning with the dotted key.

    A list that is too short without its faulty entries is not a fault of its own.

    Args:
        kind: the model, or the union of models, that the content was validated as.
        where: dotted key of the content.
    """
    details = error.errors()
    holders = {detail["loc"][:place] for detail in details for place in range(len(detail["loc"]))}
    return [
        _fault(detail, kind, where)
        for detail in details
        if detail["type"] != "too_short" or detail["loc"] not in holders
    ]


def _fault(detail: ErrorDetails, kind: Any, where: str) -> str:
    models, path = _models_at(kind, detail["loc"])
    key = ".".join(str(part) for part in (where, *path) if part != "")
    parents, _ = _models_at(kind, detail["loc"][:-1])
    if detail["type"] == "extra_forbidden":
        known = [name for model in parents for name in model.model_fields]
        return f"{key}: unknown key; {nearest(str(path[-1]), known)}"
    if detail["type"] == "missing":
        return f"{key}: missing{_expected(parents, str(path[-1]))}"
    if detail["type"] == "union_tag_not_found":
        return f"{key}.kind: missing; allowed: {', '.join(_tags(models))}"
    if detail["type"] == "union_tag_invalid":
        context = detail["ctx"]
        return f"{key}.kind: {context['tag']!r} is not allowed; allowed: {context['expected_tags']}"
    if detail["type"] == "literal_error":
        return f"{key}: {detail['input']!r} is not allowed; allowed: {detail['ctx']['expected']}"
    if detail["type"] in ("tuple_type", "list_type"):
        return f"{key}: {detail['input']!r}: expected a list, as in [a, b]"
    if detail["type"] in ("dict_type", "model_type"):
        known = sorted({name for model in models for name in model.model_fields})
        hint = f"; known keys: {', '.join(known)}" if detail["type"] == "model_type" else ""
        return f"{key}: {detail['input']!r}: expected keys and values{hint}"
    return f"{key}: {detail['input']!r}: {detail['msg'][0].lower()}{detail['msg'][1:]}"


def _expected(models: list[type[BaseModel]], field: str) -> str:
    """A clause that says what belongs in a field, where that is simply said."""
    for model in models:
        if field in model.model_fields:
            annotation = model.model_fields[field].annotation
            if get_origin(annotation) is Literal:
                return f"; allowed: {', '.join(map(repr, get_args(annotation)))}"
            if isinstance(annotation, type) and issubclass(annotation, BaseModel):
                annotation = dict
            word = TYPES.get(get_origin(annotation) or annotation)
            return f"; expected {word}" if word else ""
    return ""


def _models_at(kind: Any, path: Path) -> tuple[list[type[BaseModel]], Path]:
    """The models that `path` leads to, through nested models and containers, and the path in YAML.

    The two paths differ in that pydantic's names the member of a union that the content chose.
    """
    models, written = _models_in(kind), []
    for part in path:
        chosen = [model for model in models if part in _tags([model])]
        if chosen and len(models) > 1:
            models = chosen
            continue
        written.append(part)
        following: list[type[BaseModel]] = []
        for current in models:
            field = current.model_fields.get(str(part))
            if field is not None:
                following.extend(_models_in(field.annotation))
        models = following or models
    return models, tuple(written)


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in get_args(annotation) for model in _models_in(argument)]


def _tags(models: list[type[BaseModel]]) -> list[str]:
    """Values of `kind` that choose these models in a union."""
    fields = [model.model_fields["kind"] for model in models if "kind" in model.model_fields]
    return [tag for field in fields for tag in get_args(field.annotation)]
