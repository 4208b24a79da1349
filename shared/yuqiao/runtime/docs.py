"""What a service's HTTP routes take, for people: its OpenAPI document as one page that loads nothing from the net."""

import json
from collections.abc import Container, Iterable, Iterator
from html import escape
from typing import Any

from pydantic import BaseModel

Json = dict[str, Any]


def takes(model: type[BaseModel], *, headers: Iterable[str] = (), without: Container[str] = ()) -> Json:
    """The `openapi_extra` of a route that reads its JSON body itself, for errors of its own.

    `headers` are required besides; `without`: fields that the route sets.
    """
    given = model.model_json_schema(mode="serialization")  # money and rates are strings
    schema = _whole(given, given.get("$defs", {}))
    schema["properties"] = {k: v for k, v in schema["properties"].items() if k not in without}
    required = schema["required"] = [name for name in schema.get("required", []) if name not in without]
    parameters = [{"name": name, "in": "header", "required": True, "schema": {"type": "string"}} for name in headers]
    body = {"required": bool(required), "content": {"application/json": {"schema": schema}}}
    return {"requestBody": body} | ({"parameters": parameters} if parameters else {})


def _whole(node: Any, parts: Json) -> Any:
    """A schema with its parts in their places, and without pydantic's own words that JSON Schema does not have."""
    if isinstance(node, list):
        return [_whole(one, parts) for one in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        part = parts[node["$ref"].rsplit("/", 1)[1]]
        return _whole(part, parts) | {k: v for k, v in node.items() if k != "$ref"}
    return {k: _whole(v, parts) for k, v in node.items() if k not in ("$defs", "le") and not _is_title(k, v)}


def _is_title(key: str, value: object) -> bool:
    return key == "title" and isinstance(value, str)


def page(openapi: Json) -> str:
    """Each route: what it is for, its parameters, the fields of its body."""
    title = escape(openapi["info"]["title"])
    routes = "".join(
        f"<h2><code>{method.upper()} {escape(path)}</code></h2>{''.join(_route(route))}"
        for path, methods in openapi["paths"].items()
        for method, route in methods.items()
    )
    return (
        f"<!doctype html><html lang='en'><meta charset='utf-8'><title>{title}</title><h1>{title}</h1>"
        "<p>As data: <a href='/openapi.json'>/openapi.json</a>. A key goes into the header <code>Authorization: Bearer …</code>; "
        f"what is refused is problem+json with <code>code</code>, <code>detail</code> and <code>what_to_do</code>.</p>{routes}"
    )


def _route(route: Json) -> Iterator[str]:
    yield f"<p>{escape(route.get('description') or route.get('summary', ''))}</p>"
    for one in route.get("parameters", []):
        yield _line(one["name"], one.get("required", False), {"in": one["in"]} | one["schema"])
    for kind, content in route.get("requestBody", {}).get("content", {}).items():
        schema = content["schema"]
        yield f"<p>{escape(kind)}: {escape(schema.get('description', ''))}</p>"
        for name, field in schema.get("properties", {}).items():
            yield _line(name, name in schema.get("required", []), field)


def _line(name: str, required: bool, schema: Json) -> str:
    said = escape(json.dumps(schema, ensure_ascii=False))
    return f"<p><b>{escape(name)}</b>{' (required)' if required else ''} <code>{said}</code></p>"
