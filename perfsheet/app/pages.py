"""The pages of the navigation, and going from one to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from perfsheet.app.views import NAMES, view
from perfsheet.outputs.chart_style import ACCENT

if TYPE_CHECKING:
    from PIL import Image
    from streamlit.navigation.page import Page


STYLE = '<style>[data-testid="stMainBlockContainer"] { padding-top: 4rem; }</style>'
"""Less room above the first line than Streamlit leaves."""


def icon() -> Image.Image:
    """Four bars: Streamlit's own icons come from elsewhere, and the page loads nothing from there."""
    from PIL import Image, ImageDraw

    drawn = Image.new("RGBA", (32, 32))
    draw = ImageDraw.Draw(drawn)
    for place, height in enumerate((28, 18, 11, 6)):
        draw.rectangle((8 * place, 31 - height, 8 * place + 5, 31), fill=ACCENT)
    return drawn


def pages() -> dict[str, Page]:
    """Every view as a page, by its name; the first one is shown at the address without a path."""
    made = {
        name: st.Page(view(name), title=title, icon=icon, url_path=name, default=not place)
        for place, (name, title, icon) in enumerate(NAMES)
    }
    st.session_state["pages"] = made
    return made


def go_to(name: str, **parameters: str) -> None:
    """Show another view, with these in its address."""
    st.switch_page(st.session_state["pages"][name], query_params=parameters)
