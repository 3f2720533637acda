"""What is written of a JSON document: all of it, some fields, a page of its tables, or a brief that has a bound."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from itertools import islice
from typing import Any

from perfsheet.errors import usage
from perfsheet.light_dataclass import dataclass
from perfsheet.text.json_brief import BRIEF, LEFT_OUT, SUMS
from perfsheet.text.json_text import Streamed, json_line, json_pieces
from perfsheet.text.words import planned_key

Json = dict[str, Any]

BRIEF_BYTES = 8192
"""The most that a brief takes, in UTF-8."""
_BRIEF_ROWS = 5
_Levels = tuple[tuple[int, int, int | None], ...]
_TIGHTER: _Levels = (
    (1000, 3, 400),
    (20, 2, 300),
    (10, 1, 300),
    (5, 2, 300),
    (5, 1, 300),
    (4, 1, 300),
    (3, 1, 240),
    (2, 1, 200),
    (1, 1, 120),
    (1, 1, 60),
)
"""Entries of a table, objects in a list inside an entry, and characters of a text, until a brief fits."""
_BOUNDED: _Levels = (
    (1000, 10, None),
    (1000, 3, 4000),
    (100, 1, 2000),
    (50, 1, 1000),
    (20, 1, 1000),
    (10, 1, 600),
    (5, 1, 400),
    (2, 1, 200),
    (1, 1, 100),
)
"""The same for what is not a brief."""
_INNER = 10
"""Objects in a list inside an entry, with a lower limit, too."""
_NAMES = {True: 8, False: 100}
"""Texts or numbers in a list inside an entry, as flags are: in a brief, and else."""
_OF_CODE = 8
"""So many times the room of a text has one of several lines: half of a program is of no use."""
_AT_TOP = 100
"""Texts or numbers in a list at the top."""
_VERSION = "schema_version"
_GONE = 20
"""Keys that were left out whole, of which `pages` says so."""
_DECIMALS = 2
_NAMED = 30
_ALL = 1_000_000_000
_HEADS = ("capture", "planned", "graph", "run", "base", "new", "tried_on")
"""Objects about a whole capture: no page moves in them."""


@dataclass(frozen=True)
class JsonView:
    """What of a document is written. `fields`: dotted paths into it (`ops.row`), lists are seen through; none = all.

    `limit` and `offset`: so many entries of each table at its top, from there on (None = all). `brief`: the keys of
    BRIEF, few entries, and no more than BRIEF_BYTES in all. `rest`: how to ask for more, to which the options for
    that are added; blank where there is no command line. `of_result`: the capture is to be added to it, too, which the
    document names. `most_bytes`: entries are left out, and texts cut, until it takes no more.
    """

    fields: tuple[str, ...] = ()
    limit: int | None = None
    offset: int = 0
    brief: bool = False
    rest: str = ""
    most_bytes: int | None = None
    of_result: bool = False

    @property
    def bound(self) -> int:
        """The most bytes that it may take, where there is a bound."""
        return BRIEF_BYTES if self.most_bytes is None else self.most_bytes

    @property
    def is_brief(self) -> bool:
        """Whether what matters is chosen for the reader, who names no fields."""
        return self.brief and not self.fields

    def first(self, count: int | None) -> JsonView:
        """The view of so many entries, unless it has a limit of its own."""
        return self if self.limit is not None or not count else replace(self, limit=count)

    @property
    def whole(self) -> bool:
        """Whether the document is written as it is."""
        chosen = self.fields or self.brief or self.offset or self.limit is not None
        return not chosen and self.most_bytes is None


WHOLE = JsonView()


@dataclass(frozen=True)
class _Cut:
    """How much is left: entries of a table, objects in a list inside an entry, characters of a text; None = all.

    `brief`: numbers have two decimals, and parts of 0 are left out. `names`: so many texts or numbers of a list, None =
    as many as in an entry.
    """

    rows: int | None
    inner: int | None
    text: int | None = None
    brief: bool = False
    names: int | None = None


def viewed(document: Json, view: JsonView) -> Json:
    """The document as the view has it.

    `pages` says of each table that was cut how many entries there are (`total`), from which on (`offset`) how many are
    `shown`, and where the next page begins (`next_offset`); `rest` how to ask for that. A list inside an entry that was
    cut has its length beside it, as `<key>_count`. Raises PerfsheetError (exit status 2) for a field that the document
    does not have.
    """
    if view.whole:
        return document
    if view.of_result:
        view = replace(view, rest=_with_captures(view.rest, document), of_result=False)
    if view.fields:
        document = _selected(document, view.fields)
    if not view.brief and view.most_bytes is None:
        every = view.limit is None and not view.offset
        inner = None if view.limit is None else max(view.limit, _INNER)
        return document if every else _paged(document, view, _Cut(view.limit, inner))
    first, levels = _ALL if view.limit is None else view.limit, _BOUNDED
    if view.brief:
        document = _of_fields(document, view.fields) if view.fields else _without_the_rest(document)
        first, levels = _BRIEF_ROWS if view.limit is None else view.limit, _TIGHTER
    gone: Json = {}
    while True:
        for most, inner, text in levels:
            found = _paged(document, view, _Cut(min(most, first), inner, text, view.brief), gone)
            if size(found) <= view.bound:
                return found
        large = _largest(found, [key for key in document if key != _VERSION], view.bound)
        if not large:
            return {key: value for key, value in found.items() if key != "pages"}
        gone |= {key: _left_out(document[key]) for key in large}
        document = {key: value for key, value in document.items() if key not in large}


def _with_captures(command: str, document: Json) -> str:
    """A command for the captures that a document is of; blank where it is of none, or of several analyses."""
    paths = document.get("capture", {}).get("paths", ())
    return f"{command} {shlex.join(map(str, paths))}" if paths else ""


def _largest(found: Json, keys: Sequence[str], bound: int) -> list[str]:
    """Those of the keys that take most, so many that the others fit."""
    pages = found.get("pages", {})
    sizes = {key: size({key: found[key]}) + size({key: pages.get(key)}) for key in keys}
    ranked = sorted(sizes, key=lambda key: -sizes[key])
    left, large = sum(sizes.values()), ranked[:1]
    for key in ranked[1:]:
        left -= sizes[large[-1]]
        if left <= bound:
            break
        large.append(key)
    return large


def view_pieces(document: Json, view: JsonView) -> Iterator[str]:
    """The text of a document, piece by piece. What is not the whole of it has an entry of a table per line."""
    return json_pieces(document) if view.whole else pieces(viewed(document, view))


def size(document: Json) -> int:
    """Its bytes as it is written, with the newline at its end."""
    return sum(len(piece.encode()) for piece in pieces(document)) + 1


def pieces(document: Json) -> Iterator[str]:
    """An entry of a table per line, all else of a key on one line."""
    if not document:
        yield "{}"
        return
    before = "{\n"
    for key, value in document.items():
        yield f"{before}{json_line(key)}: "
        before = ",\n"
        if _is_table(value):
            start = "[\n  "
            for item in value:
                yield start + json_line(item)
                start = ",\n  "
            yield "\n]"
        else:
            yield json_line(value)
    yield "\n}"


def _is_table(value: Any) -> bool:
    """Whether a value is a list of objects or of rows, and not empty."""
    is_list = isinstance(value, list) and bool(value)
    return bool(value) if isinstance(value, Streamed) else is_list and isinstance(value[0], dict | list)


# Pages


def _paged(document: Json, view: JsonView, cut: _Cut, gone: Mapping[str, Any] | None = None) -> Json:
    """The page of each table; `gone`: what `pages` says of keys that were left out."""
    pages: Json = dict(islice((gone or {}).items(), _GONE))
    found = _page_of(document, view, cut, "", pages)
    if not pages:
        return found
    bounded = "--brief " if view.brief else ""
    rest = {"rest": f"{view.rest} {bounded}--fields TABLE --limit 20 --offset NEXT_OFFSET"} if view.rest else {}
    return {**found, "pages": pages, **rest}


def _page_of(value: Json, view: JsonView, cut: _Cut, path: str, pages: Json) -> Json:
    found: Json = {}
    for key, item in value.items():
        place = f"{path}{key}"
        if _is_table(item):
            end = None if cut.rows is None else view.offset + cut.rows
            part = list(item[view.offset : end])
            if len(part) < len(item):
                pages[place] = _page(view, len(item), len(part))
            found[key] = [_entry(entry, cut) for entry in part]
        elif isinstance(item, dict) and key not in _HEADS:
            found[key] = _page_of(item, view, cut, f"{place}.", pages)
        else:
            room = cut if cut.text is None or not isinstance(item, str) else replace(cut, text=2 * cut.text)
            found[key] = _shorter(item, replace(room, names=_AT_TOP)) if cut.brief or cut.text is not None else item
            if isinstance(item, list) and len(found[key]) < len(item):
                found[f"{key}_count"] = len(item)
    return found


def _entry(value: Any, cut: _Cut) -> Any:
    """An entry of a table; one that is a row keeps all of its cells."""
    return [_shorter(cell, cut) for cell in value] if isinstance(value, list | tuple) else _shorter(value, cut)


def _page(view: JsonView, total: int, shown: int) -> Json:
    following = view.offset + shown
    page: Json = {"total": total, "offset": view.offset, "shown": shown}
    return {**page, "next_offset": following} if shown and following < total else page


def _shorter(value: Any, cut: _Cut) -> Any:
    """A value whose lists are cut, and in a brief its texts."""
    if isinstance(value, dict):
        found: Json = {}
        for key, item in value.items():
            if key in SUMS:
                found[key] = [_shorter(part, cut) for part in item if not cut.brief or part.get("ns")]
                continue
            found[key] = _shorter(item, cut)
            if isinstance(item, list | Streamed) and len(found[key]) < len(item):
                found[f"{key}_count"] = len(item)
        return found
    if isinstance(value, list | tuple | Streamed):
        is_table = bool(value) and isinstance(value[0], dict | list)
        most = cut.inner if is_table else cut.names or _NAMES[cut.brief]
        return [_shorter(item, cut) for item in value[:most]]
    if cut.text is not None and isinstance(value, str):
        return _cut_text(value, cut.text)
    return _rounded(value) if cut.brief and isinstance(value, float) and math.isfinite(value) else value


def _cut_text(text: str, most: int) -> str:
    if "\n" in text:
        most *= _OF_CODE
        return text if len(text) <= most else f"{text[:most].rpartition(chr(10))[0]}\n# … cut here"
    return text if len(text) <= most else f"{text[: most - 2].rstrip()} …"


def _rounded(value: float) -> float:
    """Two decimals; of a number below 1 three digits."""
    return round(value, _DECIMALS) if abs(value) >= 1 else float(f"{value:.{_DECIMALS + 1}g}")


def _left_out(value: Any) -> Json:
    """The page of a key of which nothing is shown."""
    return {"total": len(value) if isinstance(value, list | dict | Streamed) else 1, "offset": 0, "shown": 0}


# Fields


def _without_the_rest(document: Json) -> Json:
    """The fields of a document that a brief has."""
    return {key: _of_brief(key, value) for key, value in document.items() if key not in LEFT_OUT}


def _of_fields(document: Json, fields: Sequence[str]) -> Json:
    """What is selected: of fields that are named as a whole what a brief has of them."""
    return {key: _of_brief(key, value) if key in fields else value for key, value in document.items()}


def _of_brief(key: str, value: Any) -> Any:
    wanted = BRIEF.get(key)
    if wanted is None:
        return value
    names = {*wanted, *map(planned_key, wanted)}
    if isinstance(value, Streamed):
        return value.each(lambda entry: _kept(key, entry, names))
    if isinstance(value, list):
        return [_kept(key, entry, names) for entry in value]
    return _kept(key, value, names)


def _kept(key: str, value: Any, names: set[str]) -> Any:
    if not isinstance(value, dict):
        return value
    # What is called like its table, as the `changes` of a change, is something else.
    return {name: item if name == key else _of_brief(name, item) for name, item in value.items() if name in names}


_Tree = dict[str, "_Tree"]


def _selected(document: Json, fields: Sequence[str]) -> Json:
    tree: _Tree = {}
    for field in fields:
        branch = tree
        for name in field.split("."):
            branch = branch.setdefault(name, {})
    found: Json = {"schema_version": document["schema_version"]} if "schema_version" in document else {}
    return {**found, **_picked(document, tree, "")}


def _picked(value: Any, tree: _Tree, path: str) -> Any:
    """The branches of the tree in a value."""
    if not tree:
        return value
    if isinstance(value, dict):
        for name in tree:
            if name not in value:
                raise _no_field(f"{path}{name}", value)
        return {name: _picked(value[name], branch, f"{path}{name}.") for name, branch in tree.items()}
    if isinstance(value, Streamed):
        _picked(value[0], tree, path)
        return value.each(lambda entry: _there(entry, tree))
    if isinstance(value, list) and not (value and not isinstance(value[0], dict | list)):
        if value and isinstance(value[0], dict):
            missing = next((name for name in tree if not any(name in entry for entry in value)), None)
            if missing is not None:
                raise _no_field(f"{path}{missing}", value[0])
        return [_there(entry, tree) for entry in value]
    if value is None:
        return None
    raise usage(f"--fields {path.rstrip('.')}: it has no fields", "name it without what stands behind the dot")


def _there(entry: Any, tree: _Tree) -> Any:
    """The branches of the tree that an entry of a table has."""
    if isinstance(entry, list):
        return [_there(item, tree) for item in entry]
    if not isinstance(entry, dict):
        return entry
    return {
        name: _there(entry[name], branch) if branch else entry[name] for name, branch in tree.items() if name in entry
    }


def _no_field(path: str, value: Mapping[str, Any]) -> Exception:
    name = path.rpartition(".")[2]
    close = get_close_matches(name, value, 1)
    named = f"{close[0]}, perhaps; " if close else ""
    more = ", …" if len(value) > _NAMED else ""
    return usage(f"--fields {path}: no such field", f"{named}there are: {', '.join(list(value)[:_NAMED])}{more}")
