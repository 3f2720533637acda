"""The workbook's one theme: a dark header, one accent, amber for attention; never colour alone.

Plain text has no colour of its own, so that it follows a light or dark screen; what has one has a fill as well, or a
shade that reads on both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perfsheet.outputs.chart_style import ACCENT, QUIET

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook

INK, PAPER = "#1F2933", "#FFFFFF"
HEADER, BAR = "#243B53", "#9FC5E8"
RULE_LINE, PANEL = "#CBD2D9", "#F0F4F8"
AMBER_INK, AMBER = "#7C4A03", "#FCEFC7"
IMPOSSIBLE_INK, IMPOSSIBLE = "#8A1C1C", "#F9DCDC"
GAIN, LOSS = "#8FCFA8", "#F2B284"
INPUT_INK, INPUT = "#0B3D91", "#FFF9DB"
FONT = "Calibri"

NANOSECONDS = "#,##0"
FRACTION = "0.0%"

_HEADER = {"bold": True, "font_color": PAPER, "bg_color": HEADER, "text_wrap": True}
_LARGE = {"bold": True, "font_size": 16, "align": "center"}
_INPUT = {"font_color": INPUT_INK, "bg_color": INPUT}
_STYLES: dict[str, dict[str, Any]] = {
    "text": {"indent": 1},
    "verdict": {"bold": True, "text_wrap": True, "indent": 1},
    "wrap": {"text_wrap": True, "indent": 1, "font_size": 9},
    "quiet": {"font_color": QUIET},
    "code": {"font_name": "Courier New", "font_size": 9},
    "quiet_wrap": {"font_color": QUIET, "text_wrap": True, "valign": "top"},
    "count": {"num_format": "#,##0"},
    "plain_number": {"num_format": "0"},
    "decimal": {"num_format": "#,##0.0##"},
    "decimal_4": {"num_format": "#,##0.00##"},
    "ns": {"num_format": NANOSECONDS},
    "percent": {"num_format": FRACTION},
    "accuracy": {"num_format": "0.0#####"},
    "pcc": {"num_format": "0.00000"},
    "delta_ns": {"num_format": "+#,##0;−#,##0;0"},
    "delta_count": {"num_format": "+#,##0;−#,##0;0"},
    "delta_decimal": {"num_format": "+#,##0.0##;−#,##0.0##;0"},
    "delta_percent": {"num_format": "+0.0%;−0.0%;0.0%"},
    "delta_points": {"num_format": '+0.0" points";−0.0" points";0.0" points"'},
    "link": {"font_color": ACCENT, "underline": 1, "indent": 1},
    "link_number": {"font_color": ACCENT, "underline": 1, "num_format": "0"},
    "header": {**_HEADER, "indent": 1},
    "header_right": {**_HEADER, "align": "right"},
    "title": {"bold": True, "font_size": 18, "font_color": ACCENT},
    "section": {"bold": True, "font_size": 12, "font_color": ACCENT, "bottom": 1, "bottom_color": RULE_LINE},
    "section_note": {"font_color": QUIET, "bottom": 1, "bottom_color": RULE_LINE},
    "section_line": {"bottom": 1, "bottom_color": RULE_LINE},
    "attention": {"font_color": "#B45309", "bold": True},
    "right": {"align": "right"},
    "banner": {"bold": True, "font_color": AMBER_INK, "bg_color": AMBER},
    "amber": {"font_color": AMBER_INK, "bg_color": AMBER},
    "impossible_count": {"num_format": "#,##0", "font_color": IMPOSSIBLE_INK, "bg_color": IMPOSSIBLE},
    "impossible": {"font_color": IMPOSSIBLE_INK, "bg_color": IMPOSSIBLE},
    "matrix": {"num_format": '#,##0;-#,##0;"–"', "align": "right", "border": 1, "border_color": RULE_LINE},
    "metric_label": {"font_color": "#52606D", "bg_color": PANEL, "font_size": 9, "align": "center", "text_wrap": True},
    "metric_rate": {"num_format": "#,##0.00"},
    "metric_time": {"num_format": "#,##0.000"},
    "metric_percent": {"num_format": FRACTION},
    "input": {**_LARGE, **_INPUT, "border": 1, "border_color": AMBER_INK, "num_format": "0.####"},
}
_METRIC = {**_LARGE, "font_color": HEADER, "bg_color": PANEL}


class Styles:
    """Formats by name, made when first asked for: a workbook holds those that it uses."""

    def __init__(self, book: Workbook) -> None:
        self._book = book
        self._made: dict[str, Format] = {}

    def __getitem__(self, name: str) -> Format:
        if name not in self._made:
            base = {"font_name": FONT, "font_size": 10, "valign": "vcenter"}
            metric = _METRIC if name.startswith("metric_") and name != "metric_label" else {}
            self._made[name] = self._book.add_format({**base, **metric, **_STYLES[name]})
        return self._made[name]
