"""Siblings in another capture: `--reference`."""

import json

import pytest
from support.captures import op, shape, write_csv
from support.command import here
from support.findings import only_finding

from perfsheet import PerfsheetError, analyze, read


def norm(duration, cores, memory="DRAM_INTERLEAVED", grid=64):
    row = op("LayerNorm", duration, cores, grid=grid)
    return row | shape("INPUT_0", (1, 1, 512, 512), memory=memory) | shape("OUTPUT_0", (1, 1, 512, 512), memory=memory)


@pytest.fixture
def paths(tmp_path):
    return [
        write_csv(tmp_path / f"{name}.csv", [row])
        for name, row in (
            ("slow", norm(50_000, 16)),
            ("fast", norm(9000, 64, "L1_BLOCK_SHARDED")),
            ("other", norm(900, 110, grid=110)),
        )
    ]


def test_the_same_op_in_the_reference_is_a_ground(paths):
    slow, fast, _ = (analyze(read(path)) for path in paths)
    assert not [finding for finding in slow.findings if finding.rule.id == "faster-sibling"]
    finding = only_finding(analyze(read(paths[0]), reference=fast), "faster-sibling")
    assert finding.expected_saving_ns == 41_000
    assert finding.ground.text.startswith("row 2 of the reference does the same in 9.0 µs: cores 16 → 64")


def test_a_reference_of_another_board_is_refused(paths, capsys):
    with pytest.raises(PerfsheetError, match="of another board: 64 and 110 worker cores"):
        analyze(read(paths[0]), reference=analyze(read(paths[2])))
    assert here(capsys, "hotspots", paths[0], "--reference", paths[2]).status == 2


def test_the_commands_take_it(paths, capsys, tmp_path):
    shown = json.loads(here(capsys, "hotspots", paths[0], "--reference", paths[1], "--json").out)
    assert shown["causes"][0]["ground"]["kind"] == "sibling"
    workbook = tmp_path / "run.xlsx"
    assert here(capsys, "report", paths[0], "--reference", paths[1], "-o", workbook).status == 0
    assert here(capsys, "report", paths[0], "--reference", paths[1], "-o", paths[1], "--force").status == 2
