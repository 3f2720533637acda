"""A real Chromium, driven over pages of made captures."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.agreement import EVERYTHING
from support.captures import op, shape, signpost, write_csv
from support.graphs import ENCODER, SOURCE, graph_report, with_graph

from perfsheet import Options, analyze, read
from perfsheet.outputs.html import page

HOSTILE = (
    "<script>window.ran = 1</script>",
    "<img src=x onerror='window.ran = 2'>",
    "\"><svg onload='window.ran = 3'>",
    "javascript:window.ran=4",
    "</script><script>window.ran = 5</script>",
    "&lt;b&gt; &amp; \u202eright-to-left",
)


@pytest.fixture(scope="session")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("pages")


@pytest.fixture(scope="session")
def analysis(folder):
    rows = [signpost("encoder started")]
    for number in range(40):
        rows.append(op("MatmulDeviceOperation", 5_000 + 10 * number, 64, pm=4_000, call=3 * number))
        rows.append(
            op("LayerNormDeviceOperation", 900 + number, 1, call=3 * number + 1) | shape("INPUT_0", (1, 1, 32, 768))
        )
        rows.append(op("ReshardDeviceOperation", 300.5 + number, 32, call=3 * number + 2))
    rows.append(signpost("encoder finished"))
    return analyze(read(write_csv(folder / "run.csv", rows)), Options(**EVERYTHING))


@pytest.fixture(scope="session")
def hostile(folder):
    rows = [
        op(text, 1000 - at, 1, pm=10, call=at, attributes=f"{{'program_config': '{text}'}}", memory=text, fidelity=text)
        | {"DEVICE ARCH": text, "INPUT_0_Y_PAD[LOGICAL]": text}
        for at, text in enumerate(HOSTILE)
    ]
    rows.insert(0, signpost(f"{HOSTILE[0]} started"))
    rows.append(signpost(f"{HOSTILE[0]} finished"))
    return analyze(read(write_csv(folder / "hostile.csv", rows)))


@pytest.fixture(scope="session")
def beside_graph(folder):
    """An analysis beside a graph report."""
    return with_graph(folder)


@pytest.fixture(scope="session")
def hostile_graph(folder):
    """A graph report whose functions, calls, file and source would run if a page let them."""
    text = " ".join(HOSTILE)
    made = [one._replace(call=text, lines=((text, "model(x)"), *one.lines[1:])) for one in ENCODER]
    source = SOURCE.replace("model = Encoder(device)", f"model = Encoder(device)  # {text}")
    return with_graph(folder, report=graph_report(made, f"/src/{text}", source))


@pytest.fixture
def tab(browser, request):
    """A tab that notes every request it makes, every error, and every message on its console."""
    context = browser.new_context(
        viewport={"width": 1400, "height": 900}, color_scheme=getattr(request, "param", "light")
    )
    opened = context.new_page()
    opened.requests, opened.errors = [], []
    opened.on("request", lambda made: opened.requests.append(made.url))
    opened.on("pageerror", lambda error: opened.errors.append(str(error)))
    opened.on("console", lambda message: opened.errors.append(message.text) if message.type == "error" else None)
    yield opened
    context.close()


@pytest.fixture
def show(folder, tab):
    """Write an analysis as a page, and load it in the tab."""

    def load(analysis):
        path = folder / "report.html"
        path.write_text(page(analysis), encoding="utf-8")
        tab.goto(path.as_uri())
        return tab

    return load
