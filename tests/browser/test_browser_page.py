"""The page as its reader uses it: sorting, filtering, from a finding to its rows, light and dark, offline, harmless."""

import re

import pytest

from perfsheet import compare
from perfsheet.outputs.html import comparison, page

pytestmark = pytest.mark.browser


def visible(tab, header):
    """The visible cells of a column of the ranking."""
    headers = tab.locator("#ops-table thead th").all_inner_texts()
    at = [re.sub(r"\s*[▲▼]$", "", text) for text in headers].index(header) + 1
    return tab.locator(f"#ops-table tbody tr:visible td:nth-child({at})").all_inner_texts()


def number(text):
    return float(text.replace(",", ""))


def head(tab, header):
    return tab.locator("#ops-table thead button", has_text=re.compile(f"^{re.escape(header)}$"))


def told(tab):
    return tab.locator(".filters output").inner_text()


def test_it_loads_nothing_and_complains_of_nothing(show, analysis):
    tab = show(analysis)
    assert tab.errors == []
    assert all(url.startswith("file://") and url.endswith("report.html") for url in tab.requests)
    assert len(visible(tab, "Op code")) == 120
    assert told(tab) == f"120 of 120 ops, {analysis.ops.total_ns:,.0f} ns"


def test_a_header_sorts_by_its_column_both_ways(show, analysis):
    tab = show(analysis)
    head(tab, "Device kernel duration [ns]").click()
    down = [number(cell) for cell in visible(tab, "Device kernel duration [ns]")]
    assert down == sorted(down, reverse=True)
    head(tab, "Device kernel duration [ns]").click()
    assert [number(cell) for cell in visible(tab, "Device kernel duration [ns]")] == sorted(down)
    assert tab.locator("#ops-table th[aria-sort=ascending]").inner_text().startswith("Device kernel duration [ns]")
    head(tab, "Op code").click()
    names = visible(tab, "Op code")
    assert names == sorted(names)
    assert names[0] == "LayerNormDeviceOperation"


def test_unknown_figures_come_last_either_way(show, analysis):
    tab = show(analysis)
    for _ in range(2):
        head(tab, "Utilization %").click()
        cells = visible(tab, "Utilization %")
        known = [cell for cell in cells if cell != "–"]
        assert len(known) == 40
        assert cells[len(known) :] == ["–"] * 80


def test_words_category_and_flag_filter_together(show, analysis):
    tab = show(analysis)
    tab.fill(".filters input", "layernorm 1/64")
    assert set(visible(tab, "Op code")) == {"LayerNormDeviceOperation"}
    assert told(tab).startswith("40 of 120 ops, ")
    tab.fill(".filters input", "")
    tab.select_option(".filters select[name=c]", "reshard")
    assert set(visible(tab, "Op code")) == {"ReshardDeviceOperation"}
    total = sum(number(cell) for cell in visible(tab, "Device kernel duration [ns]"))
    assert told(tab) == f"40 of 120 ops, {total:,.0f} ns"
    tab.select_option(".filters select[name=f]", "low-core-count")
    assert visible(tab, "Op code") == []
    assert told(tab) == "0 of 120 ops, 0 ns"


def test_sorting_keeps_the_filter(show, analysis):
    tab = show(analysis)
    tab.fill(".filters input", "reshard")
    before = len(visible(tab, "Op code"))
    head(tab, "Device kernel duration [ns]").click()
    assert len(visible(tab, "Op code")) == before < 120


def test_a_finding_leads_to_its_rows_and_back(show, analysis):
    tab = show(analysis)
    finding = next(one for one in analysis.findings if one.rule.id == "low-core-count")
    cause = tab.locator(f"#{finding.cause_id}")
    if cause.get_attribute("open") is None:
        cause.locator("> summary").click()
    cause.locator("> details > summary").click()
    tab.locator(f"#{finding.id} > summary").click()
    tab.locator(f"#{finding.id} a.rows").click()
    rows = {int(cell) for cell in visible(tab, "File row")}
    assert rows == {analysis.row_ref(int(position)).row for position in finding.positions}
    assert tab.locator("#ops h2").is_visible()
    assert tab.evaluate("document.getElementById('ops').getBoundingClientRect().top") < 900
    tab.locator(".finding-chip").click()
    assert len(visible(tab, "Op code")) == 120


@pytest.fixture(params=["analysis", "beside_graph"])
def either(request):
    """An analysis without and with a graph report."""
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize("tab", ["light", "dark"], indirect=True)
def test_letters_stand_out_from_their_ground(show, either, tab):
    """Contrast of at least 4.5 to 1 (WCAG AA) wherever there is text, in both colour schemes."""
    opened = show(either)
    opened.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    poor = opened.evaluate(CONTRAST)
    assert poor == []


@pytest.mark.parametrize("width", [1400, 400])
def test_nothing_is_wider_than_the_window(show, either, width):
    tab = show(either)
    tab.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    tab.set_viewport_size({"width": width, "height": 800})
    assert tab.evaluate("document.documentElement.scrollWidth") <= width


def test_nothing_of_a_capture_runs(show, hostile):
    tab = show(hostile)
    assert tab.errors == []
    assert tab.evaluate("window.ran") is None
    assert tab.locator("main script, main img, main [onload], main [onerror]").count() == 0
    assert visible(tab, "Op code")[0] == "<script>window.ran = 1</script>"
    tab.locator("#ops-table thead button").first.click()
    tab.fill(".filters input", "<script>")
    assert tab.evaluate("window.ran") is None


def test_nothing_of_a_graph_report_runs(show, hostile_graph):
    tab = show(hostile_graph)
    tab.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    boxes(tab).first.click()
    assert tab.errors == []
    assert tab.evaluate("window.ran") is None
    assert tab.locator("main script, main img, main [onload], main [onerror]").count() == 0
    assert "<script>window.ran = 1</script>" in tab.locator("#source .code").first.inner_text()


def boxes(tab):
    return tab.locator(".flame .boxes button")


def seen(tab):
    """The modules in sight, with left edge and width as fractions of the chart."""
    field = tab.locator(".flame .boxes").bounding_box()
    found = {}
    for box in boxes(tab).all():
        if box.is_visible():
            place = box.bounding_box()
            found[box.inner_text()] = ((place["x"] - field["x"]) / field["width"], place["width"] / field["width"])
    return {
        name: (pytest.approx(left, abs=0.01), pytest.approx(width, abs=0.01)) for name, (left, width) in found.items()
    }


WHOLE = {
    "Encoder": (0, 1),
    "block": (0, 198_001 / 205_001),
    "mlp": (0, 100_001 / 205_001),
    "attention": (100_001 / 205_001, 98_000 / 205_001),
    "norm": (198_001 / 205_001, 7_000 / 205_001),
}


def test_a_click_zooms_to_a_module_and_a_button_back(show, beside_graph):
    tab = show(beside_graph)
    assert tab.errors == []
    assert seen(tab) == WHOLE
    back = tab.get_by_role("button", name="Show all")
    assert not back.is_visible()
    boxes(tab).filter(has_text="attention").click()
    assert seen(tab) == {"Encoder": (0, 1), "block": (0, 1), "attention": (0, 1)}
    assert (
        tab.locator(".flame output").inner_text().startswith("Encoder.block.attention: 98,000 ns, 47.8 % of the time")
    )
    boxes(tab).filter(has_text="block").click()
    assert seen(tab) == {
        "Encoder": (0, 1),
        "block": (0, 1),
        "mlp": (0, 100_001 / 198_001),
        "attention": (100_001 / 198_001, 98_000 / 198_001),
    }
    back.click()
    assert seen(tab) == WHOLE
    assert not back.is_visible()


def test_modules_are_in_reach_of_the_keyboard(show, beside_graph):
    """One stop for the Tab key, arrows within, Enter zooms, Escape shows all."""
    tab = show(beside_graph)
    boxes(tab).first.focus()
    assert boxes(tab).evaluate_all("boxes => boxes.filter((box) => box.tabIndex === 0).length") == 1

    def at():
        return tab.evaluate("document.activeElement.textContent")

    walk = {}
    for key in (
        "ArrowDown",
        "ArrowDown",
        "ArrowRight",
        "ArrowUp",
        "ArrowRight",
        "ArrowRight",
        "ArrowDown",
        "ArrowLeft",
    ):
        tab.keyboard.press(key)
        walk[len(walk), key] = at()
    assert list(walk.values()) == ["block", "mlp", "attention", "block", "norm", "norm", "norm", "block"]
    tab.keyboard.press("Enter")
    assert set(seen(tab)) == {"Encoder", "block", "mlp", "attention"}
    tab.keyboard.press("ArrowRight")
    assert at() == "block"
    tab.keyboard.press("Escape")
    assert seen(tab) == WHOLE
    assert at() == "block"


def test_sizes_sort_by_their_bytes(show, beside_graph):
    tab = show(beside_graph)
    tab.locator("#memory summary", has_text="Each op").click()
    tab.locator("#memory-table thead button", has_text=re.compile("^L1 headroom$")).click()
    at = [text.split("\n")[0] for text in tab.locator("#memory-table thead th").all_inner_texts()]
    column = [re.sub(r"\s*[▲▼]$", "", text) for text in at].index("L1 headroom") + 1
    cells = tab.locator(f"#memory-table tbody td:nth-child({column})").all_inner_texts()
    assert cells == ["1.32 MiB", "1.17 MiB", "1.17 MiB", "860.0 KiB", "860.0 KiB", "660.0 KiB", "660.0 KiB"]


def test_modules_and_source_read_without_the_script(browser, folder, beside_graph):
    (folder / "plain.html").write_text(page(beside_graph), encoding="utf-8")
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto((folder / "plain.html").as_uri())
    assert seen(tab) == WHOLE
    tab.locator("#source details.listing > summary").click()
    assert "scores = ttnn.softmax(x)" in tab.locator("#source .code").inner_text()
    context.close()


def test_a_script_that_got_in_would_not_run(show, analysis):
    """The policy of the page lets nothing run but its own script."""
    tab = show(analysis)
    tab.evaluate("const one = document.createElement('script'); one.text = 'window.ran = 1'; document.body.append(one)")
    assert tab.evaluate("window.ran") is None
    assert any("Content Security Policy" in error for error in tab.errors)


def test_it_reads_without_its_script(browser, folder, analysis):
    (folder / "plain.html").write_text(page(analysis), encoding="utf-8")
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto((folder / "plain.html").as_uri())
    assert tab.locator("#ops-table tbody tr").count() == 120
    assert tab.locator("details.finding").count() == len(analysis.findings)
    context.close()


CONTRAST = """() => {
  const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b]
    .map((one) => one / 255)
    .map((one) => (one <= 0.03928 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4))
    .reduce((sum, one, at) => sum + one * [0.2126, 0.7152, 0.0722][at], 0);
  const ground = (node) => {
    const [r, g, b, a = 1] = parse(getComputedStyle(node).backgroundColor);
    if (a === 1) return [r, g, b];
    const below = node.parentElement ? ground(node.parentElement) : [255, 255, 255];
    return [r, g, b].map((one, at) => a * one + (1 - a) * below[at]);
  };
  const poor = new Set();
  for (const node of document.querySelectorAll("body *")) {
    const own = [...node.childNodes].some((one) => one.nodeType === 3 && one.textContent.trim());
    if (!own || node.closest("svg, script, style") || !node.getClientRects().length) continue;
    const [a, b] = [light(parse(getComputedStyle(node).color)), light(ground(node))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) poor.add(`${node.tagName}.${node.className}: ${node.textContent.slice(0, 30)}`);
  }
  return [...poor].slice(0, 10);
}"""


@pytest.mark.parametrize("tab", ["light", "dark"], indirect=True)
def test_a_comparison_sorts_by_signed_differences_and_reads_on_its_bars(tab, folder, analysis, hostile):
    """The minus of the page is a real one, and the figures stand on coloured bars."""
    path = folder / "compare.html"
    path.write_text(comparison.page([compare(analysis, hostile)]), encoding="utf-8")
    tab.goto(path.as_uri())
    assert tab.errors == []
    assert tab.evaluate("window.ran") is None
    button = tab.locator("#types-table thead button", has_text="Difference [ns")
    for down in (True, False):
        button.click()
        cells = tab.locator("#types-table tbody tr td:nth-child(7)").all_inner_texts()
        values = [number(cell.replace("−", "-").replace("+", "")) for cell in cells]
        assert values == sorted(values, reverse=down)
        assert min(values) < 0 < max(values)
    kinds = tab.locator("#types-table td[data-bar]").evaluate_all("cells => cells.map(cell => cell.dataset.bar)")
    assert set(kinds) == {"gain", "loss"}
    for kind in ("gain", "loss"):
        ratio = tab.evaluate(CONTRAST_ON_BAR, kind)
        assert ratio >= 4.5, (kind, ratio)


CONTRAST_ON_BAR = """kind => {
  const style = getComputedStyle(document.documentElement);
  const probe = document.createElement("i");
  document.body.append(probe);
  const luminance = (colour) => {
    probe.style.color = colour;
    const [r, g, b] = getComputedStyle(probe).color.match(/[\\d.]+/g).map((part) => {
      const value = part / 255;
      return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [one, other] = [style.getPropertyValue("--ink"), style.getPropertyValue("--" + kind)].map(luminance);
  return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
}"""
