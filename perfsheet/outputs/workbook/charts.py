"""The charts of the workbook; each can stand on several sheets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from perfsheet.analysis import Analysis
from perfsheet.analysis.charts import REST as ALL_ELSE
from perfsheet.analysis.charts import Point, placed_names
from perfsheet.analysis.results import OpType
from perfsheet.outputs.palette import QUIET, REST, colours
from perfsheet.outputs.workbook.chart_data import ChartData, Range
from perfsheet.outputs.workbook.theme import BAR, FONT, INK, RULE_LINE
from perfsheet.text import captions

if TYPE_CHECKING:
    from xlsxwriter.chart import Chart
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

_FONT = {"name": FONT, "size": 9, "color": INK}
_GRID_LINES = {"visible": True, "line": {"color": "#E4E7EB", "width": 0.5}}
_MARKERS = ("circle", "square", "diamond", "triangle", "x", "star", "plus", "short_dash")
_ROOF_DASHES = ("solid", "dash", "round_dot", "dash_dot")
_TYPES = 10


class BookCharts:
    """Makes charts over the points that it puts on sheet Chart Data."""

    def __init__(self, book: Workbook, analysis: Analysis, data: ChartData) -> None:
        self._book, self._analysis, self._data = book, analysis, data
        self._colours = colours(analysis.timeline.categories, ALL_ELSE)
        self._pareto: tuple[Range, Range, Range] | None = None

    def shares(self, sheet: Worksheet, row: int, column: int, size: tuple[int, int], by_type: bool) -> None:
        """Share of kernel time by op code, or by category."""
        entries: Sequence[OpType] = self._analysis.op_types if by_type else self._analysis.categories
        entries = entries[:_TYPES]
        if not entries:
            return
        names = [entry.op_code if by_type else entry.category for entry in entries]
        what = "op code" if by_type else "category"
        chart = self._chart("bar")
        chart.add_series(
            {
                "name": "share of kernel time",
                "categories": self._data.add(f"{what.upper()} OF SUMMARY", names),
                "values": self._data.add(f"SHARE BY {what.upper()}", [entry.share for entry in entries]),
                "fill": {"color": BAR},
                "gap": 30,
                "data_labels": {"value": True, "num_format": "0.0%", "font": _FONT},
                **({} if by_type else {"points": [{"fill": {"color": self._colour(name)}} for name in names]}),
            }
        )
        chart.set_y_axis({"reverse": True, "num_font": _FONT, "line": {"color": RULE_LINE}})
        chart.set_x_axis({"visible": False, "major_gridlines": {"visible": False}, "min": 0})
        chart.set_legend({"none": True})
        self._place(sheet, row, column, chart, size, f"Share of kernel time by {what}")

    def timeline(self, sheet: Worksheet, row: int, column: int, size: tuple[int, int]) -> None:
        """Kernel time over the run, stacked by category."""
        found = self._analysis.timeline
        first = self._data.add("FIRST OP OF BIN", found.first.tolist())
        chart = self._chart("column", "stacked")
        for place, name in enumerate(found.categories):
            values = self._data.add(f"TIMELINE: {name} [ns]", found.kernel_ns[:, place].tolist())
            colour = self._colour(name)
            chart.add_series({"name": name, "categories": first, "values": values, "fill": {"color": colour}, "gap": 0})
        step = max(1, len(found.first) // 10)
        chart.set_x_axis(self._axis("op in run order", interval_unit=step, interval_tick=step))
        chart.set_y_axis(self._axis(captions.timeline_axis(found), num_format="#,##0", major_gridlines=_GRID_LINES))
        chart.set_legend({"position": "bottom", "font": _FONT})
        self._place(sheet, row, column, chart, size, captions.TIMELINE)

    def pareto(self, sheet: Worksheet, row: int, column: int, size: tuple[int, int] = (900, 420)) -> None:
        """Kernel time of the largest groups, and their cumulative share."""
        found = self._analysis.pareto
        if not found.bars:
            return
        if self._pareto is None:
            self._pareto = (
                self._data.add("GROUP", [captions.bar(bar) for bar in found.bars]),
                self._data.add("GROUP: KERNEL [ns]", [bar.kernel_ns for bar in found.bars]),
                self._data.add("GROUP: CUMULATIVE", [bar.cumulative for bar in found.bars]),
            )
        names, times, cumulative = self._pareto
        chart = self._chart("column")
        chart.add_series(
            {"name": "Σ kernel [ns]", "categories": names, "values": times, "fill": {"color": BAR}, "gap": 40}
        )
        line = self._book.add_chart({"type": "line"})
        assert line is not None
        line.add_series(
            {
                "name": "cumulative share",
                "categories": names,
                "values": cumulative,
                "y2_axis": True,
                "line": {"color": "#D55E00", "width": 2},
                "marker": {"type": "circle", "size": 4, "fill": {"color": "#D55E00"}, "border": {"none": True}},
            }
        )
        line.set_y2_axis(self._axis("", num_format="0%", min=0, max=1))
        chart.combine(line)
        chart.set_x_axis({"num_font": {**_FONT, "size": 8, "rotation": -45}, "line": {"color": RULE_LINE}})
        chart.set_y_axis(self._axis("kernel time [ns]", num_format="#,##0", major_gridlines=_GRID_LINES))
        chart.set_legend({"position": "top", "font": _FONT})
        self._place(sheet, row, column, chart, size, captions.pareto(found))

    def roofline(self, sheet: Worksheet, row: int, column: int, size: tuple[int, int]) -> None:
        """What ops do per ns over what they do per DRAM byte, under the chip's roofs."""
        found = self._analysis.roofline
        if not found.points:
            return
        chart = self._chart("scatter")
        self._add_points(chart, "ROOFLINE", found.points)
        for place, roof in enumerate(found.roofs):
            xs, ys = zip(*found.line(roof), strict=True)
            name = captions.roof(roof)
            chart.add_series(
                {
                    "name": name,
                    "categories": self._data.add(f"ROOF {roof.fidelity}: FLOP/byte", xs),
                    "values": self._data.add(f"ROOF {roof.fidelity}: GFLOP/s", ys),
                    "line": {"color": QUIET, "width": 1.5, "dash_type": _ROOF_DASHES[place % len(_ROOF_DASHES)]},
                    "marker": {"type": "none"},
                }
            )
        low, high = found.span
        chart.set_x_axis(self._axis("FLOP per DRAM byte", log_base=10, min=low, max=high, crossing=low))
        bottom, top = found.height
        chart.set_y_axis(
            self._axis(
                "GFLOP/s",
                log_base=10,
                num_format="#,##0.###",
                major_gridlines=_GRID_LINES,
                min=bottom,
                max=top,
                crossing=bottom,
            )
        )
        chart.set_legend({"position": "bottom", "font": _FONT})
        self._place(sheet, row, column, chart, size, captions.roofline(found))

    def core_use(self, sheet: Worksheet, row: int, column: int, size: tuple[int, int]) -> None:
        """Median duration of groups over the cores that they run on."""
        found = self._analysis.core_use
        if not found.points:
            return
        chart = self._chart("scatter")
        self._add_points(chart, "CORES", found.points)
        right = max(found.grid or 0, *(one.x for one in found.points))
        chart.set_x_axis(self._axis("cores", min=0, max=right, num_format="0", crossing=0))
        chart.set_y_axis(
            self._axis(
                "median kernel duration of one op [ns]",
                log_base=10,
                num_format="#,##0",
                major_gridlines=_GRID_LINES,
                crossing=1,
            )
        )
        chart.set_legend({"position": "bottom", "font": _FONT})
        self._place(sheet, row, column, chart, size, captions.core_use(found))

    def _add_points(self, chart: Chart, what: str, points: Sequence[Point]) -> None:
        """A series per category; the points with most kernel time carry their names."""
        named = {id(one): place for one, place in placed_names(points)}
        shown = {one.category: self._colour(one.category) for one in points}
        groups: dict[str, list[Point]] = {}
        for one in points:
            groups.setdefault(one.category if shown[one.category] != REST else ALL_ELSE, []).append(one)
        for place, (name, members) in enumerate(groups.items()):
            self._data.add(f"{what} {name}: OP", [f"{one.label} (× {one.count:,})" for one in members])
            colour = self._colours.get(name, REST)
            series: dict[str, Any] = {
                "name": name,
                "categories": self._data.add(f"{what} {name}: x", [one.x for one in members]),
                "values": self._data.add(f"{what} {name}: y", [one.y for one in members]),
                "marker": {
                    "type": _MARKERS[place % len(_MARKERS)],
                    "size": 7,
                    "fill": {"color": colour, "transparency": 25},
                    "border": {"color": colour},
                },
            }
            if sides := [named[id(one)] for one in members if id(one) in named]:
                # A blank first: no name can become a formula. A series has one side for all of its names.
                labels = [
                    {"value": f" {captions.name(one.label)}"} if id(one) in named else {"delete": True}
                    for one in members
                ]
                series["data_labels"] = {"value": True, "custom": labels, "position": sides[0], "font": _FONT}
            chart.add_series(series)

    def _colour(self, category: str) -> str:
        return self._colours.get(category, REST)

    def _chart(self, kind: str, subtype: str = "") -> Chart:
        chart = self._book.add_chart({"type": kind, **({"subtype": subtype} if subtype else {})})
        assert chart is not None
        # A ground of its own: the dark letters stay legible on a dark screen.
        chart.set_chartarea({"border": {"color": RULE_LINE}, "fill": {"color": "#FFFFFF"}})
        return chart

    def _axis(self, name: str, **more: Any) -> dict[str, Any]:
        settings = {"major_gridlines": {"visible": False}, "line": {"color": RULE_LINE}, **more}
        return {"name": name, "name_font": {**_FONT, "bold": False}, "num_font": _FONT, **settings}

    def _place(self, sheet: Worksheet, row: int, column: int, chart: Chart, size: tuple[int, int], title: str) -> None:
        chart.set_title({"name": title, "name_font": {**_FONT, "size": 11, "bold": True}, "overlay": False})
        chart.set_size({"width": size[0], "height": size[1]})
        # Charts keep place and size when rows are filtered out beneath them.
        sheet.insert_chart(
            row, column, chart, {"x_offset": 4, "y_offset": 4, "object_position": 3, "description": title}
        )
