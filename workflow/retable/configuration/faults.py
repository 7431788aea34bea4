"""Turns validation errors into lines that name the key, the value and what is allowed or near."""

from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from retable.configuration.merging import nearest


def faults_of(error: ValidationError, model: type[BaseModel], where: str = "") -> list[str]:
    """One line per fault of `error`, each beginning with the dotted key."""
    return [_fault(detail, model, where) for detail in error.errors()]


def _fault(detail: ErrorDetails, model: type[BaseModel], where: str) -> str:
    key = ".".join(str(part) for part in (where, *detail["loc"]) if part != "")
    if detail["type"] == "extra_forbidden":
        known = _fields_at(model, detail["loc"][:-1])
        return f"{key}: unknown key; {nearest(str(detail['loc'][-1]), known)}"
    if detail["type"] == "missing":
        return f"{key}: missing"
    if detail["type"] == "literal_error":
        return f"{key}: {detail['input']!r} is not allowed; allowed: {detail['ctx']['expected']}"
    return f"{key}: {detail['input']!r}: {detail['msg'][0].lower()}{detail['msg'][1:]}"


def _fields_at(model: type[BaseModel], path: tuple[int | str, ...]) -> list[str]:
    """Field names of the model that `path` leads to, through nested models and containers."""
    models = [model]
    for part in path:
        following: list[type[BaseModel]] = []
        for current in models:
            field = current.model_fields.get(str(part))
            if field is not None:
                following.extend(_models_in(field.annotation))
        models = following or models
    return [name for current in models for name in current.model_fields]


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in get_args(annotation) for model in _models_in(argument)]
