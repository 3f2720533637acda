"""A real Spark of one master and two workers: it adds the same, and answers the same."""

from __future__ import annotations

import json
import math
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.command import environment, perfsheet, wait_until
from support.histories import NAMES, NIGHTS

from perfsheet.analysis import Options
from perfsheet.history.adding import Work, add, known_in
from perfsheet.history.causes import causes_over
from perfsheet.history.engines import Engine, engine_of
from perfsheet.history.facts import Stated, find
from perfsheet.history.growth import growth
from perfsheet.history.metrics import BY_NAME
from perfsheet.history.outputs.json_output import causes_json, ops_json, run_json, trend_json
from perfsheet.history.places import place_of
from perfsheet.history.schema import TABLES
from perfsheet.history.series import Chosen, choose
from perfsheet.history.shown import shown_run
from perfsheet.history.store import open_store
from perfsheet.history.trend import trends_of, with_moved

pytestmark = pytest.mark.history

pyspark = pytest.importorskip("pyspark", reason="the extra `spark` is not installed")
if shutil.which("java") is None:
    pytest.skip("there is no Java", allow_module_level=True)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the master, once both workers are there."""
    folder = tmp_path_factory.mktemp("spark")
    start = Path(pyspark.__file__).with_name("bin") / "spark-class"
    package, port = "org.apache.spark.deploy", free_port()
    address = f"spark://127.0.0.1:{port}"
    variables = environment(SPARK_LOCAL_IP="127.0.0.1", SPARK_WORKER_DIR=str(folder), PYSPARK_PYTHON=sys.executable)
    worker = [f"{package}.worker.Worker", "--host", "127.0.0.1", "-c", "1", "-m", "1g", "--webui-port", "0", address]
    commands = [
        [f"{package}.master.Master", "--host", "127.0.0.1", "--port", str(port), "--webui-port", "0"],
        worker,
        worker,
    ]
    log = folder / "log"
    with log.open("wb") as stream:
        processes = []
        for command in commands:
            processes.append(
                subprocess.Popen([start, *command], stdout=stream, stderr=stream, env=variables, cwd=folder)
            )
            wait_until(lambda: b"I have been elected leader" in log.read_bytes(), "the master starts")
        try:
            wait_until(lambda: log.read_bytes().count(b"Registering worker") == 2, "both workers are there")
            yield address
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait()


def answers(engine: Engine, store: Path) -> dict[str, Any]:
    """What a store answers to every kind of question."""
    contents = open_store(str(store))
    series = choose(contents.runs, Chosen())
    found = {
        "trend": trend_json("", with_moved(engine, contents, trends_of(series, BY_NAME["kernel"])), 1),
        "ops": ops_json("", series, growth(engine, contents, series[0], None)),
        "one op": ops_json("", series, growth(engine, contents, series[0], None, "layernorm")),
        "causes": causes_json("", [(series[0], causes_over(engine, contents, series[0]))]),
        "run": run_json("", shown_run(engine, contents, contents.runs["run_id"][5].as_py(), None)),
    }
    engine.open(contents, TABLES)
    return {**found, **{sql: engine.query(sql).to_pylist() for sql in QUESTIONS}}


QUESTIONS = (
    "SELECT r.model, s.op_code, count(*) AS n, sum(s.kernel_duration_ns) AS ns, median(s.median_ns) AS middle "
    "FROM signatures s JOIN runs r ON s.run_id = r.run_id GROUP BY r.model, s.op_code ORDER BY ns DESC",
    "SELECT count(*) AS n, sum(gap_ns) AS gaps, max(position) AS last FROM ops",
    "SELECT count(*) AS n FROM measurements",
)


def same(ours: Any, theirs: Any) -> bool:
    """Equal, sums but for the order of their terms."""
    if isinstance(ours, float) or isinstance(theirs, float):
        return ours is not None and theirs is not None and math.isclose(ours, theirs, rel_tol=1e-12)
    if isinstance(ours, dict):
        return ours.keys() == theirs.keys() and all(same(ours[key], theirs[key]) for key in ours)
    if isinstance(ours, list):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    return bool(ours == theirs)


def test_workers_add_the_same_and_answers_are_the_same(cluster: str, store: Path, nights: Path, tmp_path: Path) -> None:
    mine, bad = tmp_path / "store", tmp_path / "bad.csv"
    bad.write_text("nonsense\n")
    files = find([str(nights), str(bad)])[0]
    with engine_of(cluster) as spark, engine_of("duckdb") as duckdb:
        for known, runs, there in ((0, NIGHTS, 0), (NIGHTS, 0, NIGHTS)):
            ids = known_in(place_of(str(mine)))
            assert len(ids) == known
            work = Work(str(mine), Options(), Stated(names=NAMES), True, ids)
            result = add(work, files, spark.spread)
            assert (result.runs, result.there) == (runs, there)
            assert [Path(one.address) for one in result.refused] == [bad]
        expected = answers(duckdb, store)
        for engine, of in ((duckdb, mine), (spark, mine)):
            found = answers(engine, of)
            for question, answer in expected.items():
                assert same(without_times(answer), without_times(found[question])), question


def without_times(answer: Any) -> Any:
    """An answer without what differs from one writing to the next."""
    if isinstance(answer, dict) and "run" in answer and isinstance(answer["run"], dict):
        rows = [{**answer["run"], **dict.fromkeys(("added", "revision", "batch_runs"))}]
        rows += [row for name in ("causes", "signatures", "measurements") for row in answer[name]]
        return [{**row, "batch": None} for row in rows]
    return answer


def test_the_command_line_on_a_cluster(cluster: str, store: Path) -> None:
    found = perfsheet("history", "trend", store, "--json", "--engine", cluster)
    assert found.status == 0
    assert [trend["changes"][0]["gain"] for trend in json.loads(found.out)["trends"]] == [False]
    wrong = perfsheet("history", "sql", store, "SELECT nonsense FROM runs", "--engine", cluster)
    assert wrong.status == 2
    assert "perfsheet: the engine says: [UNRESOLVED_COLUMN" in wrong.err
