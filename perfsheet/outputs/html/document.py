"""A self-contained page: sections, style and script in one file, from the templates beside this module.

Templates escape all text and replace control characters; only drawings and attributes made here are markup.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from perfsheet._version import __version__
from perfsheet.light_dataclass import dataclass
from perfsheet.text import formats
from perfsheet.text.safe import clean


@dataclass(frozen=True)
class Head:
    """What stands above the sections: lines of text, a banner, verdicts in bold, headline metrics (label and text)."""

    lines: Sequence[str] = ()
    banner: str = ""
    verdicts: Sequence[str] = ()
    metrics: Sequence[Any] = ()


@dataclass(frozen=True)
class Section:
    """A section: its id, title, template, and the data that the template shows."""

    id: str
    title: str
    template: str
    data: Any


def document(title: str, head: Head, sections: Iterable[Section]) -> str:
    """The whole document; its content policy allows only the script with the stated hash."""
    environment = _environment()
    style, script = (_asset(environment, name) for name in ("page.css", "page.js"))
    return environment.get_template("document.html").render(
        title=title,
        head=head,
        sections=list(sections),
        style=Markup(style),
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        version=__version__,
    )


@lru_cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("perfsheet.outputs.html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: clean(value) if type(value) is str else value,
    )
    environment.globals["percent"] = formats.percent
    return environment


def _asset(environment: Environment, name: str) -> str:
    assert environment.loader is not None
    source, _, _ = environment.loader.get_source(environment, name)
    return source
