"""A history in S3, by a server that stands in for it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.command import perfsheet, wait_until
from support.histories import NAMES, NIGHTS

pytestmark = pytest.mark.history

pytest.importorskip("moto.server", reason="moto is not installed")
BUCKET = "perf"


@pytest.fixture(scope="module")
def s3() -> Iterator[dict[str, str]]:
    """The variables by which Arrow finds the server, which has one bucket."""
    import boto3

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    variables = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y", "AWS_DEFAULT_REGION": "us-east-1"}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], **quiet)
    try:

        def answers() -> bool:
            with socket.socket() as one:
                return one.connect_ex(("127.0.0.1", port)) == 0

        wait_until(answers, "the server starts")
        client = boto3.client(
            "s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="y"
        )
        client.create_bucket(Bucket=BUCKET)
        yield {**variables, "AWS_ENDPOINT_URL": url}
    finally:
        server.kill()
        server.wait()


def test_a_store_and_captures_in_a_bucket(s3: dict[str, str], store: Path, nights: Path, tmp_path: Path) -> None:
    from pyarrow import fs

    address = f"s3://{BUCKET}/history"

    def asked(*arguments: object) -> dict[str, object]:
        done = perfsheet("history", *arguments, "--json", **s3)
        assert done.status == 0, done.err
        return json.loads(done.out)

    assert asked("add", nights, "--into", address, "--names", NAMES)["added"] == NIGHTS
    assert asked("add", nights, "--into", address, "--names", NAMES)["there_already"] == NIGHTS
    for question in (("trend",), ("ops", "-n", "3")):
        ours, theirs = asked(question[0], store, *question[1:]), asked(question[0], address, *question[1:])
        assert {**ours, "store": ""} == {**theirs, "store": ""}
    assert asked("sql", address, "SELECT count(*) AS n FROM signatures")["rows"] == [[NIGHTS * 15]]
    assert perfsheet("history", "compact", address, **s3).status == 0
    endpoint = s3["AWS_ENDPOINT_URL"].removeprefix("http://")
    bucket = fs.S3FileSystem(access_key="x", secret_key="y", endpoint_override=endpoint, scheme="http")
    capture = max(nights.rglob("*.csv"))
    with bucket.open_output_stream(f"{BUCKET}/captures/bert/n150/abc/{capture.name}") as stream:
        stream.write(capture.read_bytes())
    mine = tmp_path / "store"
    assert asked("add", f"s3://{BUCKET}/captures", "--into", mine, "--names", NAMES)["added"] == 1
    (run,) = asked("list", mine, "--runs")["runs"]
    assert (run["model"], run["commit"]) == ("bert", "abc")
    assert run["capture"] == f"s3://{BUCKET}/captures/bert/n150/abc/{capture.name}"
    options = f"scheme=http&endpoint_override={endpoint.replace(':', '%3A')}"
    again = asked("add", f"s3://{BUCKET}/captures?{options}", "--into", mine, "--names", NAMES)
    assert again["there_already"] == 1


def test_a_bucket_that_is_not_there_is_one_line(s3: dict[str, str], nights: Path) -> None:
    done = perfsheet("history", "list", "s3://nowhere/history", **s3)
    assert (done.status, done.err.count("\n")) == (3, 1)
    done = perfsheet(
        "history", "add", max(nights.rglob("*.csv")), "--into", "s3://nowhere/history", "--model", "m", **s3
    )
    assert (done.status, done.err.count("\n")) == (7, 1), done.err
