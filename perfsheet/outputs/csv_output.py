"""Rankings and findings as CSV on standard output, under the names of the JSON contract."""

from __future__ import annotations

import csv
from typing import TextIO

from perfsheet.analysis import Analysis
from perfsheet.outputs import json_output
from perfsheet.outputs.json_output.parts import Json
from perfsheet.text.formats import clean

# A cell that starts with one of these is a formula to a spreadsheet; an apostrophe keeps it text.
_FORMULA_STARTS = ("=", "+", "-", "@")


# The columns, which stand there without a single line below them, too.
_OP = (
    "rank file row op_code shape layout global_call_count device_id core_count worker_cores kernel_duration_ns "
    "share_pct cumulative_pct pm_ideal_ns utilization_pct utilization_grid_pct utilization_corrected_pct flops "
    "dram_bytes compute_pct compute_used_cores_pct dram_pct sol_pct sol_unknown_reason bound flags not_physical_reason"
)
_GROUP = "rank op_code signature count cores kernel_duration_ns median_ns share_pct cumulative_pct rows"
_FINDING = (
    "rule op_code signature count kernel_duration_ns share_pct core_count cores worker_cores saving_ns "
    "added_saving_ns part_of saving_of saving_formula rows advice caveat evidence id"
)


_SIGNPOST = "row name host_ns ops kernel_duration_ns"


def top_ops(analysis: Analysis, count: int | None, out: TextIO) -> None:
    """The ranking, one line per op."""
    _write(out, json_output.top_ops(analysis, count)["ops"], _OP)


def op_groups(analysis: Analysis, count: int | None, out: TextIO) -> None:
    """Identical ops together, one line per configuration."""
    _write(out, json_output.op_groups(analysis, count)["groups"], _GROUP)


def signposts(analysis: Analysis, out: TextIO) -> None:
    """The signposts, one line each."""
    _write(out, json_output.signposts(analysis)["signposts"], _SIGNPOST)


def hotspots(analysis: Analysis, count: int | None, out: TextIO) -> None:
    """The findings, one line each."""
    _write(out, json_output.hotspots(analysis, count)["findings"], _FINDING)


def _write(out: TextIO, entries: list[Json], names: str) -> None:
    writer = csv.DictWriter(out, names.split(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(_flat(entry) for entry in entries)


def _flat(entry: Json) -> dict[str, object]:
    """One JSON object as cells: a row reference becomes `file` and `row`, lists are joined with `;`."""
    cells: dict[str, object] = {}
    for name, value in entry.items():
        if name == "row" and isinstance(value, dict):
            cells["file"], cells["row"] = _text(value["file"]), value["row"]
        elif name == "rows":
            several = len({ref["file"] for ref in value}) > 1
            cells["rows"] = _text(
                ";".join(f"{ref['file']}:{ref['row']}" if several else str(ref["row"]) for ref in value)
            )
        elif isinstance(value, dict):
            cells[name] = _text(";".join(f"{key}={item}" for key, item in value.items()))
        elif isinstance(value, list):
            cells[name] = ";".join(str(item) for item in value)
        else:
            cells[name] = _text(value) if isinstance(value, str) else value
    return cells


def _text(value: str) -> str:
    safe = clean(value)
    return f"'{safe}" if safe.startswith(_FORMULA_STARTS) else safe
