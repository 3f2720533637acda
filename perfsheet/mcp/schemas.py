"""JSON schemas: of inputs from their types, of answers from the declared tables."""

from __future__ import annotations

from typing import Any

import msgspec

from perfsheet.mcp.inputs import LARGEST, Input
from perfsheet.tables import In, Table
from perfsheet.tables.kinds import CORES, LABEL, LIST, ROW, ROWS, SOURCE, SOURCES, TEXT, YES_NO, Kind

Schema = dict[str, Any]

_ROW: Schema = {
    "type": ["object", "null"],
    "properties": {"row": {"type": "integer"}},
}
_PLACE: Schema = {
    "type": ["object", "null"],
    "properties": {"file": {"type": "string"}, "line": {"type": "integer"}},
}
_OF_KIND: dict[str, Schema] = {
    LABEL.name: {"type": ["string", "null"]},
    TEXT.name: {"type": ["string", "null"]},
    LIST.name: {"type": "array"},
    CORES.name: {"type": "array", "items": {"type": "integer"}},
    YES_NO.name: {"type": "boolean"},
    ROW.name: _ROW,
    ROWS.name: {"type": "array", "items": _ROW},
    SOURCE.name: _PLACE,
    SOURCES.name: {"type": "array", "items": _PLACE},
}
_WARNINGS: Schema = {"type": "array", "description": "what speaks against the capture; name it before any figure"}
_PAGES: Schema = {
    "type": "object",
    "description": "for each table that was cut: `total` entries, `offset`, `shown`, `next_offset`",
}


def input_schema(kind: type[Input]) -> Schema:
    """The schema of a tool's input, as one object."""
    _, definitions = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    own = definitions.pop(kind.__name__)
    assert not definitions, "inputs are flat"
    properties = {name: _compact(field) for name, field in own["properties"].items()}
    required = {"required": own["required"]} if own.get("required") else {}
    return {"type": "object", "properties": properties, **required, "additionalProperties": False}


def _compact(field: Schema) -> Schema:
    """A field without the null that stands for its absence: lists of tools are read by every client."""
    left_out = (("default", None), ("maximum", LARGEST))
    found = {key: value for key, value in field.items() if key != "anyOf" and (key, value) not in left_out}
    given = [one for one in field.get("anyOf", ()) if one != {"type": "null"}]
    assert len(given) < 2, "a field has one type"
    return {**(given[0] if given else {}), **found}


def table_schema(table: Table[Any], *keys: str) -> Schema:
    """The schema of the records of a table; `keys`: of these columns (none = all in JSON)."""
    columns = table.pick(*keys) if keys else table.columns_in(In.JSON)
    properties = {column.key: {} if column.data is not None else _of(column.kind) for column in columns}
    return {
        "type": "array",
        "description": f"{table.about} (docs/columns.md, {table.id})",
        "items": {"type": "object", "properties": properties},
    }


def _of(kind: Kind) -> Schema:
    """The type of a column; what it means is in docs/columns.md, which would be too much for every list of tools."""
    return _OF_KIND.get(kind.name) or ({"type": ["number", "null"]} if kind.number else {})


def answer_schema(**properties: Schema) -> Schema:
    """The schema of an answer; `warnings` and `pages` may be in any."""
    return {"type": "object", "properties": {"warnings": _WARNINGS, **properties, "pages": _PAGES}}


def text(meaning: str) -> Schema:
    """A text, or null."""
    return {"type": ["string", "null"], "description": meaning}


def figure(meaning: str) -> Schema:
    """A number, or null where it is unknown."""
    return {"type": ["number", "null"], "description": meaning}


def thing(meaning: str) -> Schema:
    """An object."""
    return {"type": ["object", "null"], "description": meaning}


def texts(meaning: str) -> Schema:
    """A list of texts."""
    return {"type": "array", "items": {"type": "string"}, "description": meaning}
