"""The description of all paths, as OpenAPI 3.1, made from the paths themselves."""

from collections.abc import Iterable
from typing import Any

from WardenServer import __version__
from WardenServer.web.paths import LONGEST, Parameter, Path, Right

_ERROR = {"type": "object", "properties": {"error": {"type": "string"}}, "required": ["error"]}
_CODES = {
    400: "Something in the request is wrong.",
    401: "Log in first.",
    403: "This is not allowed.",
    404: "There is no such thing.",
    408: "The body did not come in time.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    422: "The hub refuses.",
    503: "The hub, Memcached or a database does not answer.",
}


def describe(paths: Iterable[Path]) -> dict[str, Any]:
    """The description, as JSON can hold it."""
    described: dict[str, Any] = {}
    for path in paths:
        place = path.path.replace(":path}", "}")
        described.setdefault(place, {})[path.method.lower()] = _operation(path, place)
    return {
        "openapi": "3.1.0",
        "info": {"title": "WardenServer", "version": __version__, "description": "A beamline's monitoring hub."},
        "paths": described,
        "components": {
            "schemas": {"Error": _ERROR},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(path: Path, place: str) -> dict[str, Any]:
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    good = {"description": "Good.", "content": {path.media_type: {"schema": dict(path.schema)}}}
    said: dict[str, Any] = {
        "summary": path.text,
        "parameters": [*_of_place(place), *map(_parameter, path.parameters)],
        "responses": {
            "200": good,
            **{str(code): {"description": text, "content": error} for code, text in _CODES.items()},
        },
    }
    if path.body is not None:
        said["requestBody"] = _body(path.body)
    if path.needs is Right.CHANGE:
        said["security"] = [{"token": []}]
    return said


def _of_place(place: str) -> list[dict[str, Any]]:
    names = [part[1:-1] for part in place.split("/") if part.startswith("{")]
    schema = {"type": "string", "minLength": 1, "maxLength": LONGEST}
    return [{"name": name, "in": "path", "required": True, "schema": schema} for name in names]


def _parameter(parameter: Parameter) -> dict[str, Any]:
    schema = dict(parameter.schema)
    if parameter.many:
        schema = {"type": "array", "items": schema}
    return {
        "name": parameter.name,
        "in": "query",
        "description": parameter.text,
        "required": parameter.required,
        "schema": schema,
    }


def _body(entries: Any) -> dict[str, Any]:
    needed = [name for name, schema in entries.items() if "default" not in schema]
    schema = {"type": "object", "properties": dict(entries), "required": needed, "additionalProperties": False}
    return {"required": bool(entries), "content": {"application/json": {"schema": schema}}}
