"""The page as its reader uses it: sorting, filtering, from a finding to its rows, light and dark, offline, harmless."""

import re

import pytest

from perfsheet import compare
from perfsheet.outputs.html import comparison

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


@pytest.mark.parametrize("tab", ["light", "dark"], indirect=True)
def test_letters_stand_out_from_their_ground(show, analysis, tab):
    """Contrast of at least 4.5 to 1 (WCAG AA) wherever there is text, in both colour schemes."""
    opened = show(analysis)
    poor = opened.evaluate(CONTRAST)
    assert poor == []


@pytest.mark.parametrize("width", [1400, 400])
def test_nothing_is_wider_than_the_window(show, analysis, width):
    tab = show(analysis)
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


def test_a_script_that_got_in_would_not_run(show, analysis):
    """The policy of the page lets nothing run but its own script."""
    tab = show(analysis)
    tab.evaluate("const one = document.createElement('script'); one.text = 'window.ran = 1'; document.body.append(one)")
    assert tab.evaluate("window.ran") is None
    assert any("Content Security Policy" in error for error in tab.errors)


def test_it_reads_without_its_script(browser, folder, analysis):
    from perfsheet.outputs.html import page

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
