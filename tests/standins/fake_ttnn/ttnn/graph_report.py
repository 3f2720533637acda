"""Imports captures into a database."""

import json
import sqlite3
from pathlib import Path

import ttnn

if ttnn.KIND != "unstacked":
    _OPERATION_ID_STRIDE_PER_RANK_FILE = 3


def import_report(report, folder):
    """One capture, or all in a folder."""
    if ttnn.KIND == "unreadable":
        raise ValueError("no such schema\nand more")
    report, folder = Path(report), Path(folder)
    files = [report]
    if report.is_dir():
        assert ttnn.KIND != "unstacked"
        files = [file for file in sorted(report.glob("*.json")) if not file.name.endswith(".python_io.json")]
    folder.mkdir(exist_ok=True)
    with sqlite3.connect(folder / "db.sqlite") as database:
        database.execute("CREATE TABLE operations (name)")
        for file in files:
            names = [node["params"]["name"] for node in json.loads(file.read_text())["graph"] if "params" in node]
            database.executemany("INSERT INTO operations VALUES (?)", [(name,) for name in names])
