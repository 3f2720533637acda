"""A new user with a real Chromium: the journeys that the page is for."""

from __future__ import annotations

import json
import shutil
import socket
import time
import urllib.error
import urllib.request
from urllib.parse import quote

import openpyxl
import psutil
import pytest
from support.captures import op, write_csv
from support.command import ROOT, here, perfsheet, wait_until
from support.real import capture as real_capture
from support.served import AFTER, BEFORE, serving

from perfsheet import analyze, compare, read
from perfsheet.text import comparison as text_of_comparison
from perfsheet.text import formats
from perfsheet.text.causes import verdict

pytestmark = pytest.mark.app

HOSTILE = (
    "<img src=x onerror='window.ran=1'><script>window.ran=2</script>![i](http://evil.example/i.png) www.evil.example "
    "a@evil.example -> http://evil.example"
)


def go(tab, served, view="", **parameters):
    """Open a view."""
    query = "&".join(f"{name}={quote(value)}" for name, value in parameters.items())
    tab.goto(f"{served.address}/{view}?{query}")


def until_seen(tab, act, text):
    """Act until a text is there: what a chart draws takes clicks only a moment later."""

    def seen():
        if tab.get_by_text(text).count():
            return True
        act()
        tab.wait_for_timeout(1000)
        return tab.get_by_text(text).count()

    wait_until(seen, text)


def left(tab):
    """The kernel time that the ticked causes leave."""
    box = tab.locator('[data-testid="stMetric"]', has_text="kernel time left")
    return box.locator('[data-testid="stMetricValue"]').inner_text().strip()


def test_only_whoever_has_the_token_gets_in(served):
    for path in ("", "models", "wrong/", "_stcore/health", "static/index.html"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{served.base}/{path}")
        assert refused.value.code == 403
    with urllib.request.urlopen(served.address) as answer:
        assert answer.status == 200
    listening = [one.laddr for one in psutil.Process(served.process.pid).net_connections() if one.status == "LISTEN"]
    assert [(place.ip, place.port) for place in listening] == [("127.0.0.1", served.port)]


def test_a_new_user_ticks_a_cause(tab, served, capsys):
    began = time.monotonic()
    tab.goto(served.address)
    tab.wait_for_selector("h3")
    assert served.start_s + time.monotonic() - began < 30  # 4 s on a machine with nothing else to do
    go(tab, served, capture=BEFORE.name)
    analysis = analyze(read(BEFORE))
    tab.wait_for_selector(f"text={verdict(analysis)[:40]}")
    assert left(tab) == formats.span_of_time(analysis.ops.total_ns)
    tab.locator('[data-testid="stCheckbox"]', has_text="C1").locator("label").click()
    tab.wait_for_url("**fix_*=true**")
    report = json.loads(here(capsys, "hotspots", BEFORE, "-n", "0", "--json").out)
    expected = next(cause["left_ns"] for cause in report["causes"] if cause["id"] == "C1")
    tab.locator('[data-testid="stMetricValue"]', has_text=formats.span_of_time(expected)).wait_for()
    shared = tab.url  # the address brings another tab to the same view
    assert f"capture={BEFORE.name}" in shared
    tab.goto(shared)
    tab.locator('[data-testid="stMetricValue"]', has_text=formats.span_of_time(expected)).wait_for()
    assert left(tab) == formats.span_of_time(expected)
    assert tab.errors == []
    assert all(request.startswith((served.address, "data:", "blob:")) for request in tab.requests), tab.requests


def test_a_workbook_is_downloaded(tab, served, tmp_path):
    go(tab, served, capture=BEFORE.name)
    tab.wait_for_selector("text=What to fix first")
    for suffix in ("xlsx", "html", "md", "json"):
        with tab.expect_download() as download:
            tab.get_by_role("button", name=f".{suffix}", exact=True).click()
        path = tmp_path / download.value.suggested_filename
        download.value.save_as(path)
        assert path.stat().st_size > 1000
        assert path.name == f"{BEFORE.stem}.{suffix}"
    assert "Summary" in openpyxl.load_workbook(tmp_path / f"{BEFORE.stem}.xlsx", read_only=True).sheetnames
    assert json.loads((tmp_path / f"{BEFORE.stem}.json").read_text())["schema_version"]


def test_two_captures_are_compared(tab, served):
    go(tab, served, "compare", before=BEFORE.name, now=AFTER.name)
    headline = text_of_comparison.headline(compare(analyze(read(BEFORE)), analyze(read(AFTER))))
    tab.get_by_text(headline).first.wait_for()


def test_a_drag_and_a_click_in_charts_list_ops_and_a_row_opens_one(tab, served):
    analysis = analyze(read(BEFORE))
    for chart in ("Timeline", "Pareto"):
        go(tab, served, capture=BEFORE.name, part="Charts", chart=chart)
        tab.wait_for_selector("text=Nothing is selected")
        drawn = tab.locator('[data-testid="stVegaLiteChart"]').nth(1)
        drawn.locator("canvas, svg").first.wait_for()
        drawn.scroll_into_view_if_needed()
        box = drawn.bounding_box()
        if chart == "Timeline":

            def drag(box=box):
                tab.mouse.move(box["x"] + 300, box["y"] + 200)
                tab.mouse.down()
                tab.mouse.move(box["x"] + 450, box["y"] + 200, steps=5)
                tab.mouse.up()

            until_seen(tab, drag, "Select a row to open the op")
        else:
            first = analysis.groups[0]
            until_seen(
                tab,
                lambda box=box: tab.mouse.click(box["x"] + 420, box["y"] + 14),
                f"{first.count:,} ops, {formats.percent(first.share)} of kernel time",
            )
    table = tab.locator('[data-testid="stDataFrame"]').last
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    until_seen(tab, lambda: tab.mouse.click(box["x"] + 15, box["y"] + 55), "What the capture says")
    of_group = [analysis.row_ref(position).row for position in analysis.groups[0].positions.tolist()]
    assert any(f"op={row}" in tab.url for row in of_group)
    tab.get_by_role("button", name="All ops").click()
    tab.wait_for_selector("text=What to fix first")


def test_nothing_of_a_capture_runs(tab, served):
    name = "<img src=x onerror=window.ran=3>.csv"
    write_csv(served.folder / name, [op(HOSTILE, 1000 - at, 1, pm=10, call=at) for at in range(3)])
    go(tab, served, capture=name)
    tab.wait_for_selector("text=What to fix first")
    assert "<img src=x onerror=window.ran=3>.csv" in tab.locator("h3").first.inner_text()
    tab.get_by_text("<script>window.ran=2</script>").first.wait_for()
    hrefs = tab.locator("main a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    assert [href for href in hrefs if href and not href.startswith(("#", "/"))] == []
    for part in ("Charts", "Groups", "Data quality"):
        go(tab, served, capture=name, part=part)
        tab.wait_for_selector("text=What to fix first")
    go(tab, served, capture=name, op="2")
    tab.get_by_text("What the capture says").wait_for()
    assert tab.evaluate("window.ran") is None
    assert not [request for request in tab.requests if "evil" in request]
    (served.folder / name).unlink()


def test_new_captures_appear_by_themselves(tab, served):
    go(tab, served)
    tab.wait_for_selector("text=What to fix first")
    shutil.copy(AFTER, served.folder / "newer.csv")
    tab.get_by_text("New: newer.csv").wait_for()
    tab.get_by_label("Capture", exact=True).click()
    tab.get_by_role("option", name="newer.csv").click()
    tab.locator("h3", has_text="newer.csv").wait_for()
    (served.folder / "newer.csv").unlink()


@pytest.mark.parametrize("tab", ["dark"], indirect=True)
@pytest.mark.parametrize("width", [1000, 1800])
def test_it_fits_and_is_dark_where_the_browser_is(tab, served, width):
    tab.set_viewport_size({"width": width, "height": 1000})
    go(tab, served, capture=BEFORE.name)
    tab.wait_for_selector("text=What to fix first")
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    background = tab.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor")
    assert sum(map(int, background.strip("rgb()").split(",")[:3])) < 150


def test_mnist_runs_and_is_kept(tab, served):
    pytest.importorskip("torch", reason="torch is not installed (make test-app)")
    go(tab, served, "models", model="Digit classification (MNIST)", iterations="10")
    tab.get_by_text("perfsheet bench").first.wait_for()  # it says what it would run
    tab.get_by_role("button", name="Run", exact=True).click()
    tab.get_by_text("Done after").wait_for(timeout=180_000)
    tab.get_by_text("latency, mean ± sample std dev").first.wait_for()
    assert "random weights" in tab.locator("body").inner_text()
    folder = next((served.folder / "work").glob("models_mnist_*"))
    result = json.loads((folder / "result.json").read_text())
    row = result["variants"][0]
    shown = f"{row['latency_mean_ms']:,.3f} ± {row['latency_std_ms']:,.3f}"
    tab.locator('[data-testid="stMetricValue"]', has_text=shown).wait_for()
    assert len(row["runs_ms"]) == 10
    assert openpyxl.load_workbook(folder / "results/bench.xlsx", read_only=True).sheetnames == ["Latency", "Runs"]


def test_the_curve_grows_and_a_run_can_be_stopped(tab, served):
    pytest.importorskip("torch", reason="torch is not installed (make test-app)")
    go(tab, served, "models", model="Digit classification (MNIST)", iterations="10000")
    tab.get_by_role("button", name="Run", exact=True).click()

    def done():
        said = [text for text in tab.locator("body").inner_text().splitlines() if "warm-up included" in text]
        return int(said[0].split()[0].replace(",", "")) if said else 0

    wait_until(lambda: done() > 0 or tab.wait_for_timeout(200), "the first runs")
    first = done()
    wait_until(lambda: done() > first or tab.wait_for_timeout(200), "more runs")
    tab.locator('[data-testid="stVegaLiteChart"]').first.wait_for()
    tab.get_by_role("button", name="Stop").click()
    tab.get_by_text("Stopped after").wait_for()
    assert "not measured: interrupted" in tab.locator("body").inner_text()


def test_a_target_is_replayed_and_its_capture_opens(tab, served):
    go(tab, served, "profile")
    tab.get_by_text("Replay a capture").click()
    target = tab.get_by_label("Target")
    target.fill("pytest -q examples/encoder_block/test_encoder_block.py::test_encoder_block[before]")
    target.press("Enter")
    tab.get_by_text("A replay runs the target without a profiler").wait_for()
    button = tab.get_by_role("button", name="Run", exact=True)
    wait_until(lambda: button.is_enabled() or tab.wait_for_timeout(200), "the button")
    button.click()
    tab.get_by_text("Done after").wait_for(timeout=180_000)
    tab.get_by_role("button", name="Open its capture").click()
    tab.get_by_text("not of this run of the target").wait_for()


def test_a_hundred_thousand_ops_open(tab, served, tmp_path):
    source = real_capture("wormhole-n150-clip-encoder")
    header, *rows = source.read_text().splitlines(keepends=True)
    many = served.folder / "many.csv"
    many.write_text(header + "".join(rows * (100_000 // len(rows) + 1)))
    began = time.monotonic()
    go(tab, served, capture="many.csv", **{"pass": "all"})
    tab.get_by_text("101,088 ops, 100.0 % of kernel time").wait_for(timeout=120_000)
    assert time.monotonic() - began < 60  # 15 s on a machine with nothing else to do
    many.unlink()


def test_the_end_of_the_server_ends_what_it_started(tab, tmp_path):
    pytest.importorskip("torch", reason="torch is not installed (make test-app)")

    def at_work():
        lines = [" ".join(one.info["cmdline"] or ()) for one in psutil.process_iter(["cmdline"])]
        return [line for line in lines if str(tmp_path) in line]

    with serving(tmp_path) as own:
        go(tab, own, "models", model="Digit classification (MNIST)", iterations="10000")
        tab.get_by_role("button", name="Run", exact=True).click()
        wait_until(lambda: any("bench" in line for line in at_work()), "the bench")
    assert at_work() == []
    assert own.process.returncode == 130  # as Ctrl-C


def test_what_cannot_be_served_is_one_line(tmp_path):
    pytest.importorskip("streamlit", reason="streamlit is not installed (make test-app)")
    ended = perfsheet("app", ROOT / "examples", "--port", "99999")
    assert (ended.status, ended.err) == (2, "perfsheet: --port 99999: not a port; give 1024 to 65535\n")
    assert perfsheet("app", tmp_path / "none").status == 3
    assert perfsheet("app", tmp_path, ROOT).status == 2
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ended = perfsheet("app", tmp_path, "--port", str(taken.getsockname()[1]))
    assert ended.status == 2
    assert "is taken" in ended.err
