"""tt-metal's model_targets.yaml: which entry holds, what it allows, and what a record measured."""

from __future__ import annotations

import json
import textwrap

import pytest
from support.command import here

from perfsheet.errors import PerfsheetError
from perfsheet.models.targets import canonical_sku, check_targets, read_targets

FILE = """
version: 1
targets:
  falcon-7b:
    aliases: ["tiiuae/falcon-7b"]
    skus:
      wh_n150:
        entries:
          - {batch_size: 32, seq_len: 128, status: active, team: models,
             perf: {prefill_t/s: 2000.0, decode_t/s/u: 20.0, decode_t_s_u_tolerance: 0.2}, accuracy: {top1: 90}}
          - {batch_size: 32, seq_len: null, status: active, perf: {decode_t/s/u: 10.0, tolerance: 0.1}, accuracy: {}}
          - {batch_size: null, seq_len: null, status: active,
             perf: {prefill_time_to_first_token: 100}, accuracy: {}}
      bh_p150:
        entries:
          - {batch_size: 1, seq_len: null, status: TODO, perf: {}, accuracy: {}}
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "model_targets.yaml"
    path.write_text(textwrap.dedent(FILE))
    return path


@pytest.mark.parametrize(
    ("model", "sku", "batch", "length", "found"),
    [
        ("falcon-7b", "wh_n150", 32, 128, "falcon-7b on wh_n150, batch 32, sequence length 128"),
        ("tiiuae_falcon-7b", "n150", 32, 128, "falcon-7b on wh_n150, batch 32, sequence length 128"),
        ("TIIUAE/Falcon-7B", "N150", 32, 128, "falcon-7b on wh_n150, batch 32, sequence length 128"),
        ("falcon-7b", "n150", 32, 1024, "falcon-7b on wh_n150, batch 32"),
        ("falcon-7b", "n150", 1, 128, "falcon-7b on wh_n150"),
        ("falcon-7b", "n150", None, None, "falcon-7b on wh_n150"),
        ("falcon-7b", "p150", 1, None, "falcon-7b on bh_p150, batch 1"),
        ("falcon-7b", "p150", None, None, None),
        ("falcon-7b", "t3k", 32, 128, None),
        ("llama", "n150", 32, 128, None),
    ],
)
def test_the_most_specific_entry_holds(file, model, sku, batch, length, found):
    entry = read_targets(file).find(model, sku, batch, length)
    assert (entry and entry.name) == found


def test_an_active_entry_goes_before_a_gap(tmp_path):
    path = tmp_path / "t.yaml"
    gap, active = "{status: TODO}", "{perf: {decode_t/s: 1.0}}"
    path.write_text(f"targets: {{m: {{skus: {{n150: {{entries: [{gap}, {active}]}}}}}}}}")
    assert not read_targets(path).find("m", "n150", 1, 1).todo


def test_aliases_cannot_be_a_bomb_where_any_value_is_allowed(tmp_path):
    path = tmp_path / "t.yaml"
    lines = ["a0: &a0 [x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12))]
    path.write_text("\n".join([*lines, "targets: {m: {skus: {n150: {entries: [{perf: {x: *a11}}]}}}}"]))
    with pytest.raises(PerfsheetError, match="more than 1,000,000 values"):
        read_targets(path)


def test_both_sides_of_a_target(file):
    entry = read_targets(file).find("falcon-7b", "n150", 32, 128)
    allowed = {metric.name: (metric.low, metric.high) for metric in entry.metrics}
    assert allowed == {
        "prefill_t/s": pytest.approx((1700, 2300)),  # 15 %
        "decode_t/s/u": pytest.approx((16, 24)),
        "top1": pytest.approx((76.5, 103.5)),
    }
    narrow = read_targets(file).find("falcon-7b", "n150", 32, 1)
    assert (narrow.metrics[0].low, narrow.metrics[0].high) == pytest.approx((9, 11))


def test_what_is_measured_is_in_the_unit_of_the_target(file):
    entry = read_targets(file).find("falcon-7b", "n150", 1, 1)
    (check,) = check_targets(entry, {("inference_prefill", "time_to_token"): 0.11})
    assert (check.measured, check.ok) == (pytest.approx(110), True)
    (named,) = check_targets(entry, {("step", "prefill_time_to_first_token"): 130.0})
    assert (named.measured, named.ok) == (130, False)
    (missing,) = check_targets(entry, {})
    assert not missing.ok
    assert missing.sentence == "prefill_time_to_first_token: not measured, 85 to 115 allowed (target 100)"


@pytest.mark.parametrize(
    ("alias", "sku"),
    [("T3K", "wh_llmbox_perf"), ("glx", "wh_galaxy_perf"), ("p150x4", "p300x2"), ("quietbox_2", "p300x2"), ("x", "x")],
)
def test_boards_have_several_names(alias, sku):
    assert canonical_sku(alias) == sku


def bomb(level):
    return f"b{level - 1}" if level else "a"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("targets: [1]", "is not as it should be"),
        ("a: [", "is not valid YAML"),
        ("targets: {m: {skus: {n150: {entries: [{status: odd}]}}}}", "status 'odd' is unknown"),
        ("targets: {m: {skus: {n150: {entries: [{perf: {decode_t/s: fast}}]}}}}", "which is not a number"),
        ("targets: {m: {skus: {n150: {entries: [{perf: {a: 1, tolerance: 1.15}}]}}}}", "which is not a tolerance"),
        (
            "a: &a [x, x]\n" + "\n".join(f"b{n}: &b{n} [*{bomb(n)}, *{bomb(n)}]" for n in range(40)),
            "more than 1,000,000",
        ),
        ("targets: {m: {skus: {n150: {entries: [{perf: {decode_t/s: .nan}}]}}}}", "which is not a number"),
        ("targets: &t {m: *t}", "contains itself"),
        ("[" * 10_000, ""),
    ],
)
def test_a_file_that_is_none_is_refused_in_one_line(tmp_path, text, why):
    path = tmp_path / "t.yaml"
    path.write_text(text)
    with pytest.raises(PerfsheetError) as caught:
        read_targets(path)
    assert caught.value.status == 2
    assert why in caught.value.message
    assert "\n" not in caught.value.message


def record(folder, name, value, batch=32, length=128, model="falcon-7b", accuracy=None):
    measured = [
        {"step_name": "inference_decode", "name": "tokens/s/user", "value": value},
        {"step_name": "inference_prefill", "name": "tokens/s", "value": 2000.0},
    ]
    if accuracy is not None:
        measured.append({"step_name": "inference_decode", "name": "top1_token_accuracy", "value": accuracy})
    about = {"ml_model_name": model, "batch_size": batch, "input_sequence_length": length}
    path = folder / f"partial_run_{name}.json"
    path.write_text(json.dumps({**about, "measurements": measured, "device_info": {"card_type": "n150"}}))


def test_records_are_held_against_the_targets(file, tmp_path, capsys):
    record(tmp_path, "a", 20.0)
    kept = here(capsys, "suite", "targets", tmp_path, "--targets", file)
    assert (kept.status, kept.out.splitlines()[-1]) == (0, "2 targets kept")
    record(tmp_path, "a", 25.0)
    missed = here(capsys, "suite", "targets", tmp_path, "--targets", file)
    assert missed.status == 1
    assert "FAIL  decode_t/s/u: 25, 16 to 24 allowed (target 20)" in missed.out


def test_times_are_of_runs_that_measure_no_accuracy(file, tmp_path, capsys):
    record(tmp_path, "a", 3.0, accuracy=91.0)  # slow, for it is fed the right tokens
    kept = here(capsys, "suite", "targets", tmp_path, "--targets", file)
    assert (kept.status, kept.out.splitlines()[-1]) == (0, "1 target kept")
    record(tmp_path, "a", 20.0, accuracy=70.0)
    missed = here(capsys, "suite", "targets", tmp_path, "--targets", file)
    assert "FAIL  top1: 70, 76.5 to 103.5 allowed (target 90)" in missed.out
    record(tmp_path, "a", 20.0, batch=1, accuracy=91.0)  # its entry has times alone
    none = here(capsys, "suite", "targets", tmp_path, "--targets", file)
    assert (none.status, "have none for a run that measures what this one does" in none.err) == (0, True)


def test_of_two_names_of_one_figure_the_first_counts(tmp_path):
    path = tmp_path / "t.yaml"
    perf = "{prefill_time_to_token: 0.5, prefill_time_to_first_token: 100}"
    path.write_text(f"targets: {{m: {{skus: {{n150: {{entries: [{{perf: {perf}}}]}}}}}}}}")
    entry = read_targets(path).find("m", "n150", None, None)
    assert [metric.name for metric in entry.metrics] == ["prefill_time_to_first_token"]


def test_a_gap_is_said_and_refused_with_strict(file, tmp_path, capsys):
    record(tmp_path, "a", 20.0, model="other")
    said = here(capsys, "suite", "targets", tmp_path, "--targets", file)
    assert said.status == 0
    assert "no target for other, batch 32, sequence length 128 on wh_n150" in said.err
    assert here(capsys, "suite", "targets", tmp_path, "--targets", file, "--strict").status == 1
    parsed = json.loads(here(capsys, "suite", "targets", tmp_path, "--targets", file, "--json").out)
    assert parsed["records"][0]["target"] is None


def test_a_board_that_nobody_knows_is_refused(file, tmp_path, capsys):
    record(tmp_path, "a", 20.0)
    refused = here(capsys, "suite", "targets", tmp_path, "--targets", file, "--sku", "n15O")
    assert refused.status == 2
    assert "has no board 'n15O'" in refused.err


def test_a_record_that_cannot_be_read_leaves_the_others(file, tmp_path, capsys):
    record(tmp_path, "a", 20.0)
    (tmp_path / "partial_run_b.json").write_text("[1]")
    ended = here(capsys, "suite", "targets", tmp_path, "--targets", file)
    assert (ended.status, ended.out.splitlines()[-1]) == (3, "2 targets kept")
    assert "left out: " in ended.err
    record(tmp_path, "a", 25.0)
    assert here(capsys, "suite", "targets", tmp_path, "--targets", file).status == 1


def test_a_record_without_a_board_leaves_the_others(file, tmp_path, capsys):
    record(tmp_path, "a", 20.0)
    (tmp_path / "partial_run_b.json").write_text('{"ml_model_name": "falcon-7b", "measurements": []}')
    ended = here(capsys, "suite", "targets", tmp_path, "--targets", file)
    assert (ended.status, ended.out.splitlines()[-1]) == (3, "2 targets kept")
    assert "does not say its board" in ended.err


def test_a_name_of_two_steps_is_not_guessed(tmp_path):
    path = tmp_path / "t.yaml"
    path.write_text("targets: {m: {skus: {n150: {entries: [{perf: {pace: 1.0, b.rate: 2.0}}]}}}}")
    values = {("a", "pace"): 1.0, ("b", "pace"): 5.0, ("a", "rate"): 9.0, ("b", "rate"): 2.0}
    pace, rate = check_targets(read_targets(path).find("m", "n150", None, None), values)
    assert pace.sentence == "pace: measured in 2 steps (a.pace, b.pace), 0.85 to 1.15 allowed (target 1)"
    assert (pace.ok, rate.ok) == (False, True)
