"""The views of the page by Streamlit's own test driver: what they show is what the analysis says."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from support.captures import op, shape, signpost, write_csv
from support.command import ROOT, here, wait_until

from perfsheet import Options, Selection, analyze, compare, read
from perfsheet.text import formats

testing = pytest.importorskip("streamlit.testing.v1", reason="streamlit is not installed (make test-app)")
pytestmark = pytest.mark.app

from perfsheet.app import captures, jobs, settings  # noqa: E402
from perfsheet.app.settings import Settings  # noqa: E402
from perfsheet.app.shown import plain  # noqa: E402
from perfsheet.app.views.window import ticks_of  # noqa: E402

BEFORE, AFTER = (ROOT / f"examples/captures/generated_encoder_block_{side}.csv" for side in ("before", "after"))
SCRIPT = ROOT / "perfsheet/app/script/page.py"
PATIENCE_S = 120


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(jobs._Jobs, "all", {})
    monkeypatch.setattr(captures, "_added", [])
    monkeypatch.setattr(captures, "_LOOKED_AGAIN_S", 1e-9)  # files come and go at once here
    for path in (BEFORE, AFTER):
        shutil.copy(path, tmp_path / path.name)
    settings.use(Settings(tmp_path, work=tmp_path / "work"))
    return tmp_path


def opened(view="capture", **parameters):
    """A view with these in its address."""
    page = testing.AppTest.from_file(str(SCRIPT), default_timeout=PATIENCE_S)
    if view != "capture":
        page = testing.AppTest.from_string(
            f"from perfsheet.app.views import {view}\n{view}.show()", default_timeout=PATIENCE_S
        )
    for name, value in parameters.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception, page.exception
    return page


def metric(page, label):
    return next(one.value for one in page.metric if one.label.replace("\\", "") == label)


def texts(page):
    """All that the page says, without the marks that keep it plain."""
    said = [
        one.value for kind in ("markdown", "caption", "subheader", "warning", "error", "info") for one in page.get(kind)
    ]
    return re.sub(r"\\(.)", r"\1", "\n".join(map(str, said)))


def test_a_capture_shows_its_verdict_and_headline(folder):
    from perfsheet.text.causes import verdict

    page = opened(capture=BEFORE.name)
    analysis = analyze(read(BEFORE))
    assert verdict(analysis) in texts(page)
    assert metric(page, "kernel time left") == formats.span_of_time(analysis.ops.total_ns)
    assert metric(page, "FPS") == formats.rate(analysis.summary.fps.all)
    assert [box.label.strip("*").split()[0] for box in page.checkbox] == [c.id for c in analysis.first_causes(5)]


def box(page, analysis, name):
    """The key of the box of a cause."""
    return ticks_of(analysis)[name]


def test_ticked_causes_leave_what_the_json_says(folder, capsys):
    analysis = analyze(read(folder / BEFORE.name))
    first, second = (box(None, analysis, name) for name in ("C1", "C2"))
    page = opened(capture=BEFORE.name)
    page.checkbox(key=first).check().run()
    report = json.loads(here(capsys, "hotspots", BEFORE, "-n", "0", "--json").out)
    left = next(cause["left_ns"] for cause in report["causes"] if cause["id"] == "C1")
    assert metric(page, "kernel time left") == formats.span_of_time(left)
    page.checkbox(key=second).check().run()
    assert metric(page, "kernel time left") == formats.span_of_time(analysis.if_fixed(["C1", "C2"]).left_ns)
    again = opened(capture=BEFORE.name, **{first: "true", second: "true"})
    assert metric(again, "kernel time left") == metric(page, "kernel time left")


def test_ticks_belong_to_their_cause(folder):
    analysis, other = analyze(read(folder / BEFORE.name)), analyze(read(folder / AFTER.name))
    first = box(None, analysis, "C1")
    page = opened(capture=BEFORE.name, **{first: "true"})
    page.sidebar.selectbox(key="capture_box").select(AFTER.name).run()
    assert metric(page, "kernel time left") == formats.span_of_time(other.ops.total_ns)
    assert AFTER.name in page.query_params["capture"]
    assert not any(one.value for one in page.checkbox)
    page.sidebar.selectbox(key="capture_box").select(BEFORE.name).run()
    assert not any(one.value for one in page.checkbox)
    # One that is not among the first ones stays in sight, and counts.
    last = analysis.causes[-1]
    page = opened(capture=BEFORE.name, **{ticks_of(analysis)[last.id]: "true"})
    assert page.checkbox(key=ticks_of(analysis)[last.id]).value is True


def test_the_address_names_what_is_shown(folder):
    page = opened()
    assert AFTER.name in page.query_params["capture"] or BEFORE.name in page.query_params["capture"]
    compared = opened("compare")
    assert {"before", "now"} <= set(compared.query_params)


def test_a_capture_that_is_not_here_is_said(folder):
    page = opened(capture="nosuch.csv")
    assert "nosuch.csv is not among the captures here" in texts(page)
    assert not page.metric
    assert "nosuch.csv" in page.query_params["capture"]  # and is said again when the address is opened again
    page.sidebar.selectbox(key="capture_box").select(AFTER.name).run()
    assert "not among" not in texts(page)
    (folder / AFTER.name).unlink()
    page.run()
    assert "is not among the captures here" in texts(page)
    assert not page.exception
    assert "is not among" in texts(opened("compare", before="nosuch.csv", now=BEFORE.name))


def test_inputs_act_at_once(folder):
    page = opened(capture=BEFORE.name)
    page.sidebar.number_input(key="batch").set_value(8.0).run()
    assert metric(page, "FPS") == formats.rate(analyze(read(BEFORE), Options(batch=8)).summary.fps.all)
    page.sidebar.number_input(key="low_cores").set_value(80.0).run()
    few = analyze(read(BEFORE), Options(batch=8, low_cores_pct=80))
    from perfsheet.text.headline import headline

    expected = next(value.text for value in headline(few) if value.id == "few_cores")
    assert metric(page, "time on few cores") == expected
    page.sidebar.text_input(key="ref_cores").set_value("none").run()
    assert "not a core count" in texts(page)
    page.sidebar.text_input(key="ref_cores").set_value("grid").run()
    assert not page.error


def test_windows_by_pass_signpost_and_device(folder):
    rows = []
    for number in range(3):
        rows.append(signpost(f"pass {number}"))
        for device in (0, 1):
            rows.append(
                op("MatmulDeviceOperation", 1000 + 100 * number, 64, call=10 * number + 1) | {"DEVICE ID": device}
            )
            rows.append(op("LayerNormDeviceOperation", 500, 8, call=10 * number + 2) | {"DEVICE ID": device})
    path = write_csv(folder / "mesh.csv", rows)
    page = opened(capture="mesh.csv")
    whole = analyze(read(path))
    assert metric(page, "kernel time left") == formats.span_of_time(whole.ops.total_ns)
    page.sidebar.selectbox(key="start").select("pass 1").run()
    one = analyze(read(path), Options(selection=Selection(start_signpost="pass 1")))
    assert metric(page, "kernel time left") == formats.span_of_time(one.ops.total_ns)
    page.sidebar.multiselect(key="devices").select("1").run()
    device = analyze(read(path), Options(selection=Selection(start_signpost="pass 1", devices=(1,))))
    assert metric(page, "kernel time left") == formats.span_of_time(device.ops.total_ns)


def test_ops_are_filtered_sorted_and_paged(folder):
    rows = [
        op("MatmulDeviceOperation" if at % 2 else "LayerNormDeviceOperation", 1000 + at, 64, call=at)
        for at in range(250)
    ]
    write_csv(folder / "long.csv", rows)
    page = opened(capture="long.csv", **{"pass": "all"})
    kernel = "Device kernel duration [ns]"

    def listed():
        return page.dataframe[0].value

    assert len(listed()) == 100
    assert listed()["Rank"].tolist() == list(range(1, 101))
    page.number_input(key="ops_page").set_value(3).run()
    assert listed()["Rank"].tolist() == list(range(201, 251))
    page.selectbox(key="ops_sort").select(kernel).run()
    page.number_input(key="ops_page").set_value(1).run()
    assert listed()[kernel].tolist() == [1000.0 + at for at in range(100)]
    page.text_input(key="code").set_value("layernorm").run()
    assert set(listed()["Op code"]) == {"LayerNormDeviceOperation"}
    page.toggle(key="ops_down").set_value(True).run()
    assert listed()[kernel].iloc[0] == 1248
    page.text_input(key="code").set_value("nothing like it").run()
    assert "No op fits" in texts(page)


def test_one_op_shows_its_row_findings_and_siblings(folder):
    analysis = analyze(read(BEFORE))
    position = int(analysis.ranking.order[0])
    row = str(analysis.row_ref(position).row)
    page = opened(capture=BEFORE.name, op=row)
    recorded = dict(page.dataframe[2].value.itertuples(index=False))
    assert recorded["OP CODE"] == analysis.ops.codes[position]
    assert recorded["CORE COUNT"].split()[0] == str(int(analysis.ops.cores[position]))
    for name in analysis.findings_of[position]:
        assert name in texts(page)
    # The same op in another window; in one without it, that is said.
    assert recorded == dict(
        opened(capture=BEFORE.name, op=row, **{"pass": "all"}).dataframe[2].value.itertuples(index=False)
    )
    assert "not in this window" in texts(opened(capture=BEFORE.name, op=row, **{"pass": "1"}))
    page.button[0].click().run()
    assert "op" not in page.query_params
    for nonsense in ("99999999", "9" * 5000, "-1", "x"):
        assert "not in this window" in texts(opened(capture=BEFORE.name, op=nonsense))


def test_every_part_shows_without_an_error(folder):
    for part in ("Ops", "Charts", "Figures", "Groups", "Op types", "Windows", "Data quality"):
        assert not opened(capture=BEFORE.name, part=part).exception
    for chart in ("Timeline", "Pareto", "Roofline", "Cores"):
        assert not opened(capture=BEFORE.name, part="Charts", chart=chart).exception


def test_a_plan_is_called_one(folder):
    shutil.copy(ROOT / "examples/captures/planned_encoder_block_before.json", folder / "plan.json")
    page = opened(capture="plan.json")
    assert "least time left" in [one.label.replace("\\", "") for one in page.metric]
    assert "planned" in texts(page).lower()


def test_a_broken_capture_is_one_sentence(folder):
    (folder / "broken.csv").write_text("OP CODE,OP TYPE\n\x00,,,\n")
    page = testing.AppTest.from_file(str(SCRIPT), default_timeout=PATIENCE_S)
    page.query_params["capture"] = "broken.csv"
    page.run()
    assert not page.exception
    assert len(page.error) == 1


def test_an_empty_folder_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(captures, "_added", [])
    settings.use(Settings(tmp_path, work=tmp_path / "work"))
    for view in ("capture", "compare", "suite"):
        assert not opened(view).exception
    assert "No capture here" in texts(opened())


def test_nothing_of_a_capture_is_markup(folder):
    hostile = "<script>alert(1)</script>![x](http://evil.example/x) :red[a] $x$ [l](javascript:1)"
    write_csv(folder / "![img](x) <b>.csv", [op(hostile, 1000 - at, 1, pm=10, call=at) for at in range(3)])
    page = opened(capture="![img](x) <b>.csv")
    for kind in ("markdown", "caption", "subheader"):
        for one in page.get(kind):
            if "evil" in one.value or "img" in one.value:
                assert "\\!\\[" in one.value
                assert "](" not in one.value
                assert "<script" not in one.value.replace("\\<", "")
    for text in ("see www.evil.example", "http://evil.example/x", "a@evil.example", "a -> b <= c ~= d -- e"):
        shown = re.sub(r"\\(.)", r"\1", plain(text))
        assert shown != text  # something keeps it from becoming a link or an arrow, …
        assert shown.replace("\u2060", "") == text  # … which nobody sees


def test_two_captures_are_compared(folder):
    from perfsheet.text import comparison as text

    page = opened("compare", before=BEFORE.name, now=AFTER.name)
    compared = compare(analyze(read(BEFORE)), analyze(read(AFTER)))
    assert text.headline(compared) in texts(page)
    for part in ("Figures", "Op types", "Findings", "Ops"):
        assert not opened("compare", before=BEFORE.name, now=AFTER.name, compared=part).exception
    same = opened("compare", before=BEFORE.name, now=BEFORE.name)
    assert "Choose two captures" in "".join(one.value for one in same.markdown)


@pytest.mark.process
def test_a_replay_ends_in_its_capture(folder, monkeypatch):
    monkeypatch.chdir(ROOT)
    target = "pytest -q examples/encoder_block/test_encoder_block.py::test_encoder_block[before]"
    job_folder = jobs.new_folder(folder / "work", "profile", "x")
    words = ["run", "-c", target, "--replay", str(BEFORE), "-o", str(job_folder / "report"), "-v"]
    job = jobs.start("profile", words, job_folder)
    assert "Stop" in [button.label for button in opened("profile").button]
    wait_until(lambda: not job.running, "the end of the replay")
    assert job.status == 0, job.tail(50)
    done = opened("profile")
    assert "Replayed" in texts(done)
    assert any("384 × 768 × 3072" in one.value for one in done.code)  # its ranking, as in a terminal
    assert "Open its capture" in [button.label for button in done.button]
    settings.use(Settings(BEFORE.parent, work=folder / "work"))
    page = opened(capture=BEFORE.name, replay=job.id)
    assert "not of this run of the target" in texts(page)


def test_no_command_runs_without_its_button(folder):
    for view in ("models", "profile", "suite"):
        opened(view)
        assert jobs.running() is None
        assert not (folder / "work").exists()
    page = opened("profile", target="pytest evil.py")
    assert page.text_input(key="target").value == ""  # an address brings no command
    assert next(button for button in page.button if button.label == "Run").disabled
    page.text_input(key="target").input("pytest --password hunter2 x.py").run()
    assert any("pytest" in one.value for one in page.code)
    assert not any("hunter2" in one.value for one in page.code)
    assert jobs.running() is None


@pytest.mark.process
def test_a_suite_shows_its_results_and_history(folder, monkeypatch):
    (folder / "test_one.py").write_text("def test_it():\n    pass\n")
    (folder / "suite.toml").write_text(
        '[suite]\nname = "small"\nfolder = "."\noutput = "out"\n\n[[target]]\nmodel = "block"\nbatch = 1\n'
        f'command = "pytest -q test_one.py --password hunter2"\nreplay = "{BEFORE.name}"\n'
    )
    (folder / "conftest.py").write_text("def pytest_addoption(parser):\n    parser.addoption('--password')\n")
    page = opened("suite")
    assert "has not run yet" in texts(page)
    assert not any("hunter2" in one.value for one in page.code)
    next(button for button in page.button if button.label == "Run").click().run()
    job = jobs.newest("suite")
    wait_until(lambda: not job.running, "the end of the suite")
    assert job.status == 0, job.tail(50)
    page = opened("suite")
    kernel = analyze(read(BEFORE)).summary.kernel_ns
    assert kernel in page.dataframe[0].value["Device Kernel Time [ns]"].tolist()
    assert page.selectbox(key="of_model").options == ["block, batch 1"]
    assert "hunter2" not in "".join(one.value for one in page.code)


@pytest.mark.process
def test_results_that_do_not_fit_are_passed_over(folder):
    for number, text in enumerate(
        ("[1]", "{", '{"variants": 5}', '{"variants": [{"parameters": {}}], "baseline": {}}')
    ):
        kept = folder / "work" / f"models_x_{number}"
        kept.mkdir(parents=True)
        (kept / "result.json").write_text(text)
        assert not opened("models", kept=kept.name).exception
    assert "There is no run models_none here" in texts(opened("models", kept="models_none"))


def test_a_new_capture_is_found(folder):
    names = [found.name for found in captures.captures(settings.current())]
    assert sorted(names) == sorted([BEFORE.name, AFTER.name])
    (folder / "deep" / "er").mkdir(parents=True)
    shutil.copy(BEFORE, folder / "deep/er/new.csv")
    (folder / "deep" / "other.csv").write_text("a,b\n1,2\n")
    (folder / ".hidden").mkdir()
    shutil.copy(BEFORE, folder / ".hidden/no.csv")
    assert "deep/er/new.csv" in [found.name for found in captures.captures(settings.current())]
    assert len(captures.captures(settings.current())) == 3


def test_an_analysis_is_made_anew_when_its_file_changes(folder):
    path = write_csv(folder / "run.csv", [op("A", 1000, 64) | shape("INPUT_0", (1, 1, 32, 32))])
    found = captures._found(path, "run.csv")
    first = captures.analysis(found, Options())
    assert captures.analysis(found, Options()) is first
    write_csv(path, [op("A", 1000, 64), op("B", 2000, 64)])
    assert len(captures.analysis(captures._found(Path(path), "run.csv"), Options()).ops) == 2
