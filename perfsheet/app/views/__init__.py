"""The views of the page, one module each with a function `show`; NAMES has those of the navigation, in its order."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

NAMES = (
    ("capture", "Capture", ":material/speed:"),
    ("compare", "Compare", ":material/compare_arrows:"),
    ("models", "Models", ":material/neurology:"),
    ("profile", "Profile", ":material/play_circle:"),
    ("suite", "Suite", ":material/checklist:"),
)
"""Module and address, title, icon."""


def view(name: str) -> Callable[[], None]:
    """The function that shows a view; its module is imported when it is shown."""

    def show() -> None:
        import_module(f"perfsheet.app.views.{name}").show()

    show.__name__ = name
    return show
