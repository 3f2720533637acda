"""`perfsheet history trend`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from perfsheet.cli import options as shared
from perfsheet.cli.handling import command, tell
from perfsheet.cli.history import options as ours
from perfsheet.cli.options import json_options
from perfsheet.errors import unusable, usage

if TYPE_CHECKING:
    import pyarrow as pa

    from perfsheet.history.engines import Engine
    from perfsheet.history.metrics import Metric
    from perfsheet.history.series import Chosen, Series
    from perfsheet.history.store import Contents
    from perfsheet.text.json_view import JsonView

_SCREENFUL = 8


# fmt: off
@command
@json_options
@ours.chosen_options
def trend(
    *,
    store: ours.Store,
    chosen: Chosen,
    metric: Annotated[str, typer.Option("--metric", metavar="NAME",
        help="kernel, fps, idle, elapsed, collectives, reshards, … or a measurement of benchmark records.")] = "kernel",
    causes: Annotated[bool, typer.Option("--causes",
        help="What to fix first, over the runs, in place of a figure.")] = False,
    count: ours.Count = None,
    engine: ours.EngineName = "duckdb",
    output: ours.Output = None,
    html: ours.Html = None,
    force: shared.Force = False,
    json: JsonView | None = None,
    csv: shared.Csv = False,
) -> None:
    """Follow a figure over commits: where it changed for good, by how much, how sure that is, and which ops moved.

    With --csv a line per run; the changes are in the JSON, the workbook and the page.
    """
    from perfsheet.outputs import paths

    shared.one_format(json, csv)
    if causes and (csv or output or html):
        raise usage("--causes is for the terminal and --json", "leave --csv, -o and --html out")
    if causes and metric != "kernel":
        raise usage("--causes follows no figure", "leave --metric out")
    ours.check_name(output, ".xlsx")
    ours.check_name(html, ".html")
    limit = ours.count(count, _SCREENFUL, bool(json) or csv)
    for path in filter(None, (output, html)):
        paths.check_file(path, [], force)
    with ours.engine(engine) as running:
        from perfsheet.history.store import open_store

        contents = open_store(store)
        if causes:
            _causes(running, contents, chosen, limit, store, json)
            return
        series, of, measurements = _asked(running, contents, chosen, metric)
        from perfsheet.history.trend import by_urgency, trends_of, with_moved

        every = trends_of(series, of, measurements)
        if not every:
            raise unusable(f"no run that is chosen has the figure {metric}", "choose other runs, or another figure")
        trends = by_urgency(every)
        detailed = trends if output or html else trends[:limit]
        trends = [*with_moved(running, contents, detailed), *trends[len(detailed) :]]
    from perfsheet.history.outputs import terminal
    from perfsheet.history.outputs.json_output import trend_json
    from perfsheet.outputs import csv_output, json_output

    if json:
        json_output.write(trend_json(store, trends[:limit], len(trends)), sys.stdout, json)
    elif csv:
        from perfsheet.history.tables import POINTS, points

        csv_output.write(sys.stdout, POINTS, points(trends))
    else:
        terminal.print_trends(trends, limit, sys.stdout)
    if output is not None:
        from perfsheet.history.outputs.workbook import write_trend_workbook

        write_trend_workbook(trends, output, force)
        tell(f"Wrote {output}", err=bool(json) or csv)
    if html is not None:
        from perfsheet.history.outputs.page import write_trend_page

        write_trend_page(store, trends, html, force)
        tell(f"Wrote {html}", err=bool(json) or csv)
# fmt: on


def _asked(
    running: Engine, contents: Contents, chosen: Chosen, name: str
) -> tuple[list[Series], Metric, pa.Table | None]:
    """The series that are chosen, the metric, and the measurements that it needs."""
    from perfsheet.history.metrics import BY_NAME, MEASUREMENTS_OF, measured_names, metric_of
    from perfsheet.history.schema import MEASUREMENTS
    from perfsheet.history.series import choose

    series = choose(contents.runs, chosen)
    if name in BY_NAME:
        return series, BY_NAME[name], None
    running.open(contents, [MEASUREMENTS])
    metric = metric_of(name, measured_names(running))
    return [one for one in series if one.key.kind == "record"], metric, running.query(MEASUREMENTS_OF)


def _causes(
    running: Engine, contents: Contents, chosen: Chosen, limit: int | None, store: str, json: JsonView | None
) -> None:
    from dataclasses import replace

    from perfsheet.history.causes import causes_over
    from perfsheet.history.outputs import terminal
    from perfsheet.history.outputs.json_output import causes_json
    from perfsheet.history.series import choose
    from perfsheet.outputs import json_output

    series = choose(contents.runs, replace(chosen, kind="capture"))
    found = [(one, causes_over(running, contents, one)) for one in series[:limit]]
    if json:
        json_output.write(causes_json(store, found), sys.stdout, json)
    else:
        terminal.print_causes(found, limit, sys.stdout)
