"""Small ops CSVs of every schema generation.

The rows are made up. For S0, S1 and S10 the layouts are synthetic too: no capture of these generations was at hand,
they follow what is documented about them (S0 and S1: no DEVICE ID, CALL DEPTH, COMPUTE KERNEL PATH, "-" for missing
durations; S1 with its own PM and data type spellings; S10: sub-devices and per-controller DRAM utilization).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

Row = dict[str, str]

GENERATIONS = ("S0", "S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8", "S9", "S10")
DURATION, IDEAL = "DEVICE KERNEL DURATION [ns]", "PM IDEAL [ns]"

_S1_SPELLING = {
    "PM IDEAL [ns]": "PM IDEAL NS",
    "PM COMPUTE [ns]": "PM COMPUTE NS",
    "PM BANDWIDTH [ns]": "PM BANDWIDTH NS",
}
_S4_EARLY_SPELLING = {"METAL TRACE ID": "TRACE ID", "METAL TRACE REPLAY SESSION ID": "TRACE RUNTIME ID"}


def newest_headers(level: int) -> list[str]:
    """What a generation has, under today's spelling of each header."""
    brought: list[tuple[int, int, Sequence[str]]] = [
        (0, 10, ("OP CODE", "OP TYPE", "GLOBAL CALL COUNT")),
        (0, 1, ("CALL DEPTH",)),
        (2, 10, ("DEVICE ID",)),
        (8, 10, ("DEVICE ARCH",)),
        (0, 10, ("ATTRIBUTES", "MATH FIDELITY", "CORE COUNT")),
        (8, 10, ("AVAILABLE WORKER CORE COUNT",)),
        (10, 10, ("SUB DEVICE ID",)),
        (0, 10, ("PARALLELIZATION STRATEGY", "HOST START TS", "HOST END TS", "HOST DURATION [ns]")),
        (0, 10, ("DEVICE FW START CYCLE", "DEVICE FW END CYCLE")),
        (3, 10, ("OP TO OP LATENCY [ns]",)),
        (0, 10, ("DEVICE FW DURATION [ns]", DURATION)),
        (5, 10, tuple(f"DEVICE KERNEL DURATION PER CORE {what} [ns]" for what in ("MIN", "MAX", "AVG"))),
        (5, 10, ("DEVICE KERNEL FIRST TO LAST START [ns]",)),
        *((0, 10, _tensor_headers(tensor)) for tensor in ("INPUT_0", "INPUT_1", "OUTPUT_0")),
        (4, 10, ("METAL TRACE ID", "METAL TRACE REPLAY SESSION ID")),
        (0, 10, ("COMPUTE KERNEL SOURCE",)),
        (9, 10, ("PROGRAM HASH", "PROGRAM CACHE HIT")),
        (6, 6, ("BRISC MAX KERNEL SIZE [B]",)),
        (7, 10, ("TENSIX DM 0 MAX KERNEL SIZE [B]",)),
        (1, 10, (IDEAL, "PM COMPUTE [ns]", "PM BANDWIDTH [ns]")),
        (5, 10, ("PM FPU UTIL (%)",)),
        (6, 10, ("NOC UTIL (%)", "DRAM BW UTIL (%)")),
        (10, 10, ("DRAM BW UTIL PER CTRL (%)",)),
    ]
    return [header for first, last, names in brought if first <= level <= last for header in names]


def _tensor_headers(tensor: str) -> tuple[str, ...]:
    shape = tuple(f"{tensor}_{dim}_PAD[LOGICAL]" for dim in "WZYX")
    return (*shape, f"{tensor}_LAYOUT", f"{tensor}_DATATYPE", f"{tensor}_MEMORY")


def _level(generation: str) -> int:
    return int(generation.removesuffix("-early")[1:])


def _spelling(header: str, generation: str) -> str:
    level = _level(generation)
    if level == 1:
        header = _S1_SPELLING.get(header, header.replace("_DATATYPE", "_DATA TYPE"))
    if generation == "S4-early":
        header = _S4_EARLY_SPELLING.get(header, header)
    if level < 7:
        header = header.replace("_PAD[LOGICAL]", "")
    return header.replace("KERNEL SOURCE", "KERNEL PATH") if level < 6 else header


def _cell(header: str, cell: str, level: int) -> str:
    if level <= 1 and not cell and "DURATION" in header:
        return "-"
    return re.sub(r"\[.*\]", "", cell) if level < 7 and "_PAD[LOGICAL]" in header else cell


def shape(tensor: str, extents: Sequence[object], datatype: str = "BFLOAT16", memory: str = "L1_INTERLEAVED") -> Row:
    """The cells of one tensor."""
    cells = [*map(str, extents), "TILE", datatype, f"DEV_0_{memory}"]
    return dict(zip(_tensor_headers(tensor), cells, strict=True))


def op(code: str = "MatmulDeviceOperation", duration: object = 1000, cores: object = 64, **cells: object) -> Row:
    """A device row under today's headers; `cells` are the short names below, or whole headers through `**{…}`."""
    named = {
        "pm": IDEAL,
        "compute": "PM COMPUTE [ns]",
        "bandwidth": "PM BANDWIDTH [ns]",
        "call": "GLOBAL CALL COUNT",
        "device": "DEVICE ID",
        "grid": "AVAILABLE WORKER CORE COUNT",
        "start": "DEVICE FW START CYCLE",
        "gap": "OP TO OP LATENCY [ns]",
        "session": "METAL TRACE REPLAY SESSION ID",
        "fidelity": "MATH FIDELITY",
        "attributes": "ATTRIBUTES",
        "memory": "INPUT_0_MEMORY",
        "arch": "DEVICE ARCH",
    }
    row = {
        "OP CODE": code,
        "OP TYPE": "tt_dnn_device",
        "GLOBAL CALL COUNT": "1024",
        "DEVICE ID": "0",
        "ATTRIBUTES": "{}",
    }
    row |= {DURATION: _text(duration), "CORE COUNT": _text(cores), "AVAILABLE WORKER CORE COUNT": "64"}
    row |= {
        "DEVICE FW DURATION [ns]": _text(duration) if isinstance(duration, int | float) else "",
        "OP TO OP LATENCY [ns]": "123456",
        "DEVICE ARCH": "wormhole_b0",
    }
    row |= shape("INPUT_0", (1, 1, 32, 64)) | shape("OUTPUT_0", (1, 1, 32, 64))
    return row | {named.get(name, name): _text(value) for name, value in cells.items()}


def _text(value: object) -> str:
    return "" if value is None else str(value)


def signpost(text: str = "start") -> Row:
    return {"OP CODE": text, "OP TYPE": "signpost", "HOST START TS": "5"}


def host_op(code: str = "Tensor::to") -> Row:
    return {"OP CODE": code, "OP TYPE": "tt_dnn_cpu", "HOST DURATION [ns]": "900"}


def fallback(code: str = "(torch) add") -> Row:
    return {"OP CODE": code, "OP TYPE": "python_fallback", "HOST DURATION [ns]": "900"}


def csv_text(
    rows: Iterable[Row],
    generation: str = "S8",
    *,
    extra: Sequence[str] = (),
    newline: str = "\r\n",
    delimiter: str = ",",
    without: Sequence[str] = (),
) -> str:
    """The text of a capture; `extra` names columns to add at the end, `without` those to leave out."""
    level = _level(generation)
    newest = [header for header in (*newest_headers(level), *extra) if header not in without]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator=newline, delimiter=delimiter)
    writer.writerow([_spelling(header, generation) for header in newest])
    writer.writerows([_cell(header, row.get(header, ""), level) for header in newest] for row in rows)
    return out.getvalue()


def write_csv(path: Path, rows: Iterable[Row], generation: str = "S8", **how: object) -> Path:
    path.write_bytes(csv_text(rows, generation, **how).encode())  # type: ignore[arg-type]
    return path
