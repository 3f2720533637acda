"""A page that loads nothing: its sections, style and script in one file."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from importlib.resources import files

from perfsheet._version import __version__
from perfsheet.outputs.html.drawing import safe

Section = tuple[str, str, str]
"""Id, title and content; those without content are left out."""


def document(title: str, head: str, sections: Iterable[Section]) -> str:
    """The whole document; only the script whose hash it states may run."""
    script = _asset("page.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; base-uri 'none'"
    shown = [section for section in sections if section[2]]
    links = "".join(f'<a href="#{name}">{safe(text)}</a>' for name, text, _ in shown)
    body = "\n".join(f'<section id="{name}"><h2>{safe(text)}</h2>{content}</section>' for name, text, content in shown)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="generator" content="perfsheet {__version__}"><meta name="color-scheme" content="light dark">'
        f"<title>{safe(title)}</title><style>{_asset('page.css')}</style></head><body>\n"
        f"<header><h1>{safe(title)}</h1>{head}</header><nav>{links}</nav>"
        f"<main>\n{body}\n</main>"
        f"<footer>perfsheet {__version__}</footer><script>{script}</script></body></html>\n"
    )


def _asset(name: str) -> str:
    return files("perfsheet.outputs.html").joinpath(name).read_text(encoding="utf-8")
