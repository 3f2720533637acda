"""Published results tables: written as their projects write them, and READMEs updated in place."""

from __future__ import annotations

import difflib

import pytest
from support.command import here
from support.real import DATA

from perfsheet.errors import PerfsheetError
from perfsheet.models.published import block, layout, updated
from perfsheet.models.published.rendering import END, START, pipe_table, table_lines
from perfsheet.models.suite import read_suite
from perfsheet.models.suite.model import ModelResult
from perfsheet.models.suite.results_store import ResultsStore

TABLE = """\
| Model    | Run Success   |   Torch Ops (Before) |   Torch Ops (Remain) |   To/From_Device Ops |   Original Run Time (s) |   Compiled Run Time(s) |   Accuracy |
|:---------|:--------------|---------------------:|---------------------:|---------------------:|------------------------:|-----------------------:|-----------:|
| ResNet18 | Yes           |                   70 |                   42 |                  132 |                 1.71981 |                9.07353 |   0.999921 |
| BERT     | Yes           |                 1393 |                  539 |                 3862 |                61.4666  |               36.2097  |   0.986412 |
"""  # noqa: E501
_BEFORE = "# Results\n\nText | with a bar.\n\n```\n| Model |\n|---|\n| no |\n```\n\n"
README = f"{_BEFORE}{TABLE}\n## More\n\n| Other |\n|---|\n| x |\n"
SEED = layout("torch-ttnn")


def result(model, outcome="passed", **figures):
    return ModelResult(model, outcome=outcome, **figures)


RESNET = result(
    "ResNet18",
    torch_ops_before="70 (9)",
    torch_ops_remain="42 (5)",
    to_from_device=132,
    inference_cpu_s=1.71981,
    inference_s=9.07353,
    pcc=0.999921,
)
BERT = result(
    "BERT",
    torch_ops_before="1393",
    torch_ops_remain="539",
    to_from_device=3862,
    inference_cpu_s=61.4666,
    inference_s=36.2097,
    pcc=0.986412,
)


def changes(before, after):
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm=""))
    return [line for line in lines[2:] if not line.startswith("@@")]


def test_the_published_table_byte_for_byte():
    assert "\n".join(table_lines(SEED, [RESNET, BERT])) + "\n" == TABLE


@pytest.mark.parametrize(
    ("cells", "shown"),
    [
        ([1.5, 10.25, 3.0], [" 1.5 ", "10.25", " 3   "]),
        ([1e-7, 123.5], ["  1e-07", "123.5  "]),
        ([1, None], ["1  ", "N/A"]),
    ],
)
def test_numbers_are_aligned_at_their_points(cells, shown):
    assert [line[2:-2] for line in pipe_table(["x"], [[cell] for cell in cells])[2:]] == shown


def test_what_is_the_same_changes_nothing():
    assert updated(README, [RESNET, BERT], SEED, "x").text == README
    more_digits = README.replace("9.07353 |", "9.073531234567 |")
    assert updated(more_digits, [RESNET, BERT], SEED, "x").text == more_digits


def test_only_the_rows_that_change_are_written():
    done = updated(README, [result("bert", inference_s=35.5)], SEED, "x")
    assert changes(README, done.text) == [
        "-| BERT     | Yes           |                 1393 |                  539 |                 3862 |"
        "                61.4666  |               36.2097  |   0.986412 |",
        "+| BERT     | Yes           |                 1393 |                  539 |                 3862 |"
        "                61.4666  |                   35.5 |   0.986412 |",
    ]
    assert (done.changed, done.added) == (("bert",), ())


def test_a_failed_model_loses_its_figures_and_a_new_one_gets_a_row():
    done = updated(README, [result("ResNet18", "failed"), result("GPT-2", pcc=0.99)], SEED, "x")
    rows = [line for line in done.text.splitlines() if line.startswith(("| ResNet18", "| BERT", "| GPT-2"))]
    assert [[cell.strip() for cell in row.split("|")[1:-1]] for row in rows] == [
        ["ResNet18", "No", "70", "N/A", "N/A", "N/A", "N/A", "N/A"],
        ["BERT", "Yes", "1393", "539", "3862", "61.4666", "36.2097", "0.986412"],
        ["GPT-2", "Yes", "N/A", "N/A", "N/A", "N/A", "N/A", "0.99"],
    ]


def test_what_has_not_run_stays():
    assert updated(README, [result("BERT", "not run")], SEED, "x").text == README


def test_a_real_table_changes_in_its_rows_only():
    path = DATA / "other-files" / "pytorch2.0_ttnn-results-table.md"
    if not path.exists():
        pytest.skip("needs the table of pytorch2.0_ttnn")
    before = f"# About\r\n\r\n{path.read_text().replace(chr(10), chr(13) + chr(10))}\r\nThe end.\r\n"
    results = [result("BERT", batch=8, throughput=30.5), result("Mnist", "failed"), result("New", pcc=0.5)]
    done = updated(before, results, SEED, "x")
    found = changes(before, done.text)
    assert [line[:1] for line in found].count("-") == 2
    assert [line[:1] for line in found].count("+") == 3
    assert all("\n" not in line.replace("\r\n", "") for line in done.text.splitlines(keepends=True))
    bert = next(line for line in found if line.startswith("+") and "BERT" in line)
    assert [cell.strip() for cell in bert.split("|")[1:-1]] == [
        *("[BERT](<docs/models/BERT>)", "✅", "8", "46304.71", "0.115219", "30.5", "99.67", "987 (19)", "0 (0)", "0")
    ]
    # ✅, then 🚧, then ❌, as before.
    status = [line.split("|")[2].strip() for line in done.text.splitlines() if line.count("|") == 11][2:]
    assert status == sorted(status, key=lambda text: "✅🚧❌N".index(text[:1]))
    assert updated(done.text, results, SEED, "x").text == done.text


def test_a_block_between_marks_is_filled_and_then_updated():
    readme = f"# Mine\n\n{START}\n{END}\n\n{TABLE}"
    filled = updated(readme, [RESNET], SEED, "x").text
    assert filled == f"# Mine\n\n{START}\n{block(SEED, [RESNET])}{END}\n\n{TABLE}"
    assert "generated by perfsheet" in filled
    assert "**Torch Ops (Before)**: ops of the torch model.  " in filled
    again = updated(filled, [BERT], SEED, "x").text
    assert again.count("| BERT ") == 2
    assert again.endswith(TABLE)


@pytest.mark.parametrize(("text", "status"), [("no table\n", 3), (f"{START}\n", 2), (f"{END}\n{START}\n", 2), ("", 3)])
def test_where_nothing_can_be_updated_it_is_said(text, status):
    with pytest.raises(PerfsheetError) as caught:
        updated(text, [RESNET], SEED, "x.md")
    assert caught.value.status == status


def test_names_of_models_become_no_markdown():
    once = updated(README, [result("a|b*c\n`d`")], SEED, "x").text
    (new,) = [line for line in once.splitlines() if line not in README.splitlines()]
    assert new.count("|") == 9
    assert updated(once, [result("a|b*c\n`d`")], SEED, "x").text == once


LATER = """\
| Model | Status | Batch | Compiled Throughput (Inferences Per Second) | Mine |
|:------|:-------|:------|:--------------------------------------------|------|
  | vit | ✅ | 8 | 100 | a |
| vit | ✅ | 16 | 150 | b |  \n"""


def test_results_of_one_model_have_the_row_of_their_batch():
    results = [result("vit", batch=8, throughput=101.0), result("vit", batch=16, throughput=150.0)]
    done = updated(LATER, results, SEED, "x")
    assert done.text == LATER.replace("| 100 |", "| 101 |")
    assert done.changed == ("vit",)
    more = updated(LATER, [*results, result("vit", batch=32, throughput=1.0)], SEED, "x")
    assert [line.split("|")[3].strip() for line in more.text.splitlines()[2:]] == ["8", "16", "32"]
    # Without a column for it, each has a row under its whole name.
    two = [result("vit", batch=8, pcc=0.9), result("vit", batch=16, pcc=0.8)]
    once = updated(README, two, SEED, "x")
    assert once.added == ("vit, batch 8", "vit, batch 16")
    assert updated(once.text, two, SEED, "x").text == once.text


def test_a_row_that_does_not_change_stays_as_it_is_written():
    assert updated(LATER, [result("vit", batch=16, throughput=150.0)], SEED, "x").text == LATER


def test_status_follows_what_is_known():
    def shown(**figures):
        return layout("torch-ttnn-2025").cells([result("m", **figures)])[0][1]

    assert (shown(torch_ops_remain="0 (0)"), shown(torch_ops_remain="3 (1)"), shown()) == ("✅", "🚧", "N/A")
    assert (shown(fallbacks=0), shown(fallbacks=2)) == ("✅", "🚧")
    failed = LATER.replace("✅ | 8", "❌ | 8")
    assert "| N/A | 8 |" in updated(failed, [result("vit", batch=8)], SEED, "x").text.replace("N/A  |", "N/A |")
    assert updated(LATER, [result("vit", batch=8)], SEED, "x").text == LATER


def test_what_is_impossible_or_failed_is_not_published():
    assert "| N/A | a |" in updated(LATER, [result("vit", batch=8, throughput=-1.0)], SEED, "x").text
    failed = updated(README, [result("BERT", "failed", inference_s=0.7)], SEED, "x").text
    assert "0.7 " not in failed


def test_an_unknown_layout_is_said(capsys, tmp_path):
    (tmp_path / "suite.toml").write_text('[[target]]\nmodel = "m"\ncommand = "pytest x.py"\n')
    ended = here(capsys, "suite", "table", tmp_path / "suite.toml")
    assert ended.status == 3
    assert "run the suite first" in ended.err
    with pytest.raises(PerfsheetError, match="unknown layout 'odd'"):
        layout("odd")


def test_a_suite_is_published_and_a_readme_updated(capsys, tmp_path):
    (tmp_path / "suite.toml").write_text('[[target]]\nmodel = "BERT"\ncommand = "pytest x.py"\n')
    suite = read_suite(tmp_path / "suite.toml")
    store = ResultsStore(suite.output)
    store.empty_folder(0, suite.targets[0])
    store.save(0, suite.targets[0], result("BERT", inference_s=35.5))
    readme = tmp_path / "README.md"
    readme.write_bytes(README.encode())
    ended = here(capsys, "suite", "table", tmp_path / "suite.toml", "--into", readme)
    assert (ended.status, ended.out) == (0, f"{readme}: 1 row changed, 0 added\n")
    assert readme.read_text() == updated(README, [result("BERT", inference_s=35.5)], SEED, "").text
    assert "| BERT" in here(capsys, "suite", "table", tmp_path / "suite.toml").out
    assert here(capsys, "suite", "table", tmp_path / "suite.toml", "-o", tmp_path / "t.csv").status == 0
    assert (tmp_path / "t.csv").read_text().splitlines()[1].startswith("BERT,Yes,")
    assert here(capsys, "suite", "table", readme, "--into", readme).status == 2


def test_other_formats_have_no_markup(capsys, tmp_path):
    (tmp_path / "suite.toml").write_text('[[target]]\nmodel = "a&b <c>"\ncommand = "pytest x.py"\n')
    suite = read_suite(tmp_path / "suite.toml")
    store = ResultsStore(suite.output)
    store.empty_folder(0, suite.targets[0])
    store.save(0, suite.targets[0], result("a&b <c>"))
    table = ("suite", "table", tmp_path / "suite.toml", "--layout", "torch-ttnn")
    assert here(capsys, *table, "-o", tmp_path / "t.csv").status == 0
    assert (tmp_path / "t.csv").read_text().splitlines()[1].startswith("a&b <c>,")


def test_what_a_code_block_or_another_table_shows_is_left_alone():
    example = f"```\n{START}\n{END}\n```\n"
    others = "| Model | Licence |\n|---|---|\n| vit | MIT |\n"
    done = updated(example + others + LATER, [result("vit", batch=8, throughput=101.0)], SEED, "x")
    assert done.text == example + others + LATER.replace("| 100 |", "| 101 |")


def test_models_of_one_plain_name_are_told_apart():
    both = [result("gpt (a/perf_gpt.py)"), result("gpt (b/perf_gpt.py)"), result("vit (bare metal)")]
    assert [cells[0] for cells in SEED.cells(both)] == ["gpt (a/perf_gpt.py)", "gpt (b/perf_gpt.py)", "vit"]
    batches = [result("vit (bare metal)", batch=1), result("vit (bare metal)", batch=8)]
    assert [cells[0] for cells in SEED.cells(batches)] == ["vit, batch 1", "vit, batch 8"]
    assert [cells[0] for cells in layout("torch-ttnn-2025").cells(batches)] == ["vit", "vit"]


def test_a_model_is_published_under_its_plain_name():
    once = updated(README, [result("BERT (functional)", inference_s=0.25)], SEED, "x")
    assert once.added == ()
    assert "functional" not in once.text


def test_tables_in_indented_code_and_comments_are_text():
    table = "| Model | Status |\n|---|---|\n| vit | ❌ |\n"
    indented = "Example:\n\n" + "".join(f"    {line}\n" for line in table.splitlines()) + "\n"
    comment = f"<!-- old\n{table}-->\n\n"
    done = updated(indented + comment + LATER, [result("vit", batch=8, throughput=101.0)], SEED, "x")
    assert done.text == indented + comment + LATER.replace("| 100 |", "| 101 |")


def test_headers_may_be_in_any_case():
    done = updated(
        LATER.replace("Model", "MODEL").replace("Status", "status"),
        [result("vit", batch=8, throughput=101.0)],
        SEED,
        "x",
    )
    assert "| 101 |" in done.text


def test_passed_models_stand_before_failed_ones():
    results = [result("a", "failed"), result("b"), result("c", "not run")]
    assert [cells[0] for cells in SEED.cells(results)] == ["b", "a", "c"]


def test_a_result_without_a_batch_takes_no_row_of_another_one():
    passed, failed = result("vit", batch=8, throughput=101.0), result("vit (bare metal)", "failed")
    lines = updated(LATER, [passed, failed], SEED, "x").text.splitlines()
    rows = [[cell.strip() for cell in line.split("|")[1:5]] for line in lines[2:]]
    assert rows[0] == ["vit", "✅", "8", "101"]
    assert ["vit", "❌", "N/A", "N/A"] in rows
    assert updated(LATER.replace("| vit | ✅ | 16 | 150 | b |  \n", ""), [failed], SEED, "x").added == ()


def test_another_batch_is_another_row():
    one = LATER.replace("| vit | ✅ | 16 | 150 | b |  \n", "")
    assert updated(one, [result("vit", batch=32, throughput=9.0)], SEED, "x").added == ("vit",)
    lower = one.replace("Batch", "batch").replace("Status", "status")
    done = updated(lower, [result("vit", batch=8, throughput=101.0), result("bert", "failed", batch=1)], SEED, "x")
    assert done.text.splitlines()[2].split("|")[4].strip() == "101"
    assert "bert" in done.text.splitlines()[3]


def test_comments_in_code_spans_and_tables_in_lists():
    text = "Write `<!--` to begin a comment.\n\n1. Results\n\n" + "".join(
        f"    {line}\n" for line in LATER.splitlines()
    )
    done = updated(text, [result("vit", batch=8, throughput=101.0)], SEED, "x")
    assert done.text == text.replace("| 100 |", "| 101 |")
