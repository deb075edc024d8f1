"""The docs page: the OpenAPI document and the problem catalogue as one plain page that loads nothing else."""

import json
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from html import escape
from typing import Any

from journey.api.catalogue import catalogue

STYLE = """
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem }
code, pre { font: 0.9em ui-monospace, monospace } pre { overflow-x: auto } h2 { margin-top: 2.5rem }
table { border-collapse: collapse; margin: 0.5rem 0 1rem; width: 100% }
td, th { text-align: left; vertical-align: top; padding: 0.2rem 0.8rem 0.2rem 0 }
td, th { border-bottom: 1px solid #8884 }
summary { cursor: pointer; padding: 0.2rem 0 } summary b { display: inline-block; min-width: 4rem }
details > :not(summary) { margin-left: 1rem }
"""
CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'; "
    "frame-ancestors 'none'"
)
OTHER = "operations"


def page(document: dict[str, Any]) -> str:
    """The document, to be read."""
    info = document["info"]
    return "".join(
        (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(info['title'])} API</title><style>{STYLE}</style></head><body>",
            f"<h1>{escape(info['title'])} API</h1><p>{_text(info['description'])}</p>",
            '<p>For programs: <a href="/openapi.json">/openapi.json</a></p>',
            *_operations(document),
            "<h2>Problems</h2>",
            _table(("code", "status", "when", "what to do"), _problems()),
            "<h2>Shapes</h2>",
            *_schemas(document),
            "</body></html>",
        )
    )


def _operations(document: dict[str, Any]) -> Iterator[str]:
    by_tag: dict[str, list[str]] = {}
    told = document["components"]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            tag = operation.get("tags", [OTHER])[0]
            by_tag.setdefault(tag, []).append(_operation(method, path, operation, told))
    for tag, shown in by_tag.items():
        yield f"<h2>{escape(tag.capitalize())}</h2>"
        yield from shown


def _operation(method: str, path: str, operation: dict[str, Any], told: dict[str, Any]) -> str:
    """One operation; `told` has what several refer to."""
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    said = {status: _told(answer, told["responses"]) for status, answer in operation["responses"].items()}
    done = (content for status, answer in said.items() if status < "3" for content in _contents(answer))
    parameters = (
        (f"<code>{escape(each['name'])}</code>", each["in"], _text(each.get("description", "")))
        for each in (_told(named, told["parameters"]) for named in operation.get("parameters", ()))
    )
    answers = (
        (escape(status), _text(answer["description"]), _kind(_shape(answer)))
        for status, answer in said.items()
    )
    return "".join(
        (
            f"<details><summary><b>{method.upper()}</b> <code>{escape(path)}</code></summary>",
            f"<p>{_text(operation.get('description', ''))}</p>",
            _table(("parameter", "in", "meaning"), parameters),
            f"<p>Body: {_kind(body['schema'])}</p>" if body else "",
            _example(body),
            _table(("status", "answer", "shape"), answers),
            *map(_example, done),
            "</details>",
        )
    )


def _told(what: dict[str, Any], shared: dict[str, Any]) -> dict[str, Any]:
    """What it refers to, where it does."""
    found: dict[str, Any] = shared[what["$ref"].rpartition("/")[2]] if "$ref" in what else what
    return found


def _shape(answer: dict[str, Any]) -> dict[str, Any]:
    shapes: list[dict[str, Any]] = [each.get("schema", {}) for each in _contents(answer)]
    return shapes[0] if shapes else {}


def _contents(answer: dict[str, Any]) -> list[dict[str, Any]]:
    return list(answer.get("content", {}).values())


def _example(content: dict[str, Any]) -> str:
    if "example" not in content:
        return ""
    return f"<pre>{escape(json.dumps(content['example'], indent=2, ensure_ascii=False))}</pre>"


def _problems() -> Iterator[tuple[str, ...]]:
    for code, kind in sorted(catalogue().items()):
        named = f'<code id="{escape(code)}">{escape(code)}</code>'
        yield named, str(kind.status), _text(kind.meaning), _text(kind.remedy)


def _schemas(document: dict[str, Any]) -> Iterator[str]:
    for name, schema in document["components"]["schemas"].items():
        needed = schema.get("required", ())
        fields = (
            (
                f"<code>{escape(field)}</code>" + (" *" if field in needed else ""),
                _kind(shape),
                _text(shape.get("description", "")),
            )
            for field, shape in schema.get("properties", {}).items()
        )
        yield f'<h3 id="{escape(name)}">{escape(name)}</h3><p>{_text(schema.get("description", ""))}</p>'
        yield _table(("field (* needed)", "kind", "meaning"), fields)
        yield f"<p>{_kind(schema)}</p>" if "enum" in schema else ""


def _kind(schema: dict[str, Any]) -> str:
    """The kind of a value in a few words, with links to the shapes."""
    match schema:
        case {"$ref": str(ref)}:
            name = escape(ref.rpartition("/")[2])
            return f'<a href="#{name}">{name}</a>'
        case {"allOf": [kind, *_]}:
            return _kind(kind)
        case {"anyOf": list(kinds)}:
            return " or ".join(_kind(each) for each in kinds)
        case {"enum": list(values)}:
            return " · ".join(f"<code>{escape(str(value))}</code>" for value in values)
        case {"type": "array", "items": items}:
            return f"list of {_kind(items)}"
        case _:
            return escape(str(schema.get("const", schema.get("format", schema.get("type", "")))))


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    """Cells are HTML already."""
    lines = ["<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows]
    if not lines:
        return ""
    return "".join(("<table><tr>", *(f"<th>{each}</th>" for each in head), "</tr>", *lines, "</table>"))


def _text(text: str) -> str:
    """Escaped, with `code` in backquotes marked up."""
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if index % 2 else part for index, part in enumerate(parts))
