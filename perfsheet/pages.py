"""The pages of the documentation, where they are: in the package as it is installed, else in the checkout."""

from __future__ import annotations

from pathlib import Path

from perfsheet.errors import unusable

_PACKAGE = Path(__file__).resolve().parent
SKILL = "agents/SKILL.md"


def folder() -> Path:
    """The folder of the pages. Raises PerfsheetError (exit status 3) where they were not installed."""
    for found in (_PACKAGE / "_docs", _PACKAGE.parent / "docs"):
        if (found / SKILL).is_file():
            return found
    raise unusable("the pages of the documentation are not installed", "install perfsheet from a wheel or a checkout")


def names() -> list[str]:
    """The pages, by their paths in docs/."""
    root = folder()
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*.md"))


def text(name: str) -> str:
    """A page. Raises PerfsheetError (exit status 3) if there is none of that name."""
    if name not in names():
        raise unusable(f"there is no page {name!r}", "`docs/README.md` lists them")
    return (folder() / name).read_text(encoding="utf-8")


def title(page: str) -> str:
    """The title of a page: its first heading."""
    return next((line.lstrip("# ").strip() for line in page.splitlines() if line.startswith("# ")), "")
