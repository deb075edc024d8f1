"""The docs page: the OpenAPI document and the problem catalogue as one plain page that loads nothing else."""

from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from html import escape
from typing import Any

from journey.api.problems import catalogue

STYLE = """
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem }
code { font: 0.9em ui-monospace, monospace } h2 { margin-top: 2.5rem }
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
            _table(("code", "status", "when"), _problems()),
            "<h2>Shapes</h2>",
            *_schemas(document),
            "</body></html>",
        )
    )


def _operations(document: dict[str, Any]) -> Iterator[str]:
    by_tag: dict[str, list[str]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            tag = operation.get("tags", [OTHER])[0]
            by_tag.setdefault(tag, []).append(_operation(method, path, operation))
    for tag, shown in by_tag.items():
        yield f"<h2>{escape(tag.capitalize())}</h2>"
        yield from shown


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    parameters = (
        (f"<code>{escape(each['name'])}</code>", each["in"], _text(each.get("description", "")))
        for each in operation.get("parameters", ())
    )
    answers = (
        (escape(status), _text(answer["description"]), _kind(_shape(answer)))
        for status, answer in operation["responses"].items()
    )
    return "".join(
        (
            f"<details><summary><b>{method.upper()}</b> <code>{escape(path)}</code></summary>",
            f"<p>{_text(operation.get('description', ''))}</p>",
            _table(("parameter", "in", "meaning"), parameters),
            f"<p>Body: {_kind(body)}</p>" if body else "",
            _table(("status", "answer", "shape"), answers),
            "</details>",
        )
    )


def _shape(answer: dict[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = answer.get("content", {})
    shapes: list[dict[str, Any]] = [each.get("schema", {}) for each in content.values()]
    return shapes[0] if shapes else {}


def _problems() -> Iterator[tuple[str, ...]]:
    for code, kind in sorted(catalogue().items()):
        yield f'<code id="{escape(code)}">{escape(code)}</code>', str(kind.status), _text(kind.meaning)


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
        case {"anyOf": list(kinds)} | {"allOf": list(kinds)}:
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
