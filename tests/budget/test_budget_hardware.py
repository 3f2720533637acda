"""A budget knows the hardware that it was measured on."""

import pytest
from support.captures import op, write_csv
from support.command import here

from perfsheet.budget.hardware import Hardware

WORMHOLE, BLACKHOLE = {"DEVICE ARCH": "wormhole_b0"}, {"DEVICE ARCH": "blackhole"}


@pytest.fixture
def budget(capsys, tmp_path):
    capture = write_csv(tmp_path / "wormhole.csv", [op(call=1) | WORMHOLE, op(call=2) | WORMHOLE])
    assert here(capsys, "budget", "init", capture, "-o", tmp_path / "budget.toml").status == 0
    return tmp_path / "budget.toml"


def test_a_first_budget_names_it(budget):
    assert '[hardware]\narch = "wormhole_b0"\n' in budget.read_text()


@pytest.mark.parametrize(("cells", "fits"), [(WORMHOLE, True), (BLACKHOLE, False), ({"DEVICE ARCH": ""}, True)])
def test_other_hardware_is_said_and_strict_refuses(capsys, tmp_path, budget, cells, fits):
    capture = write_csv(tmp_path / "other.csv", [op(call=1) | cells, op(call=2) | cells])
    said = here(capsys, "check", capture, "--budget", budget)
    assert ("the budget is of wormhole_b0" in said.out) is not fits
    strict = here(capsys, "check", capture, "--budget", budget, "--strict")
    assert (strict.status == 3 and "the limits may not fit" in strict.err) is not fits


@pytest.mark.parametrize("value", ["arch = 3", "boards = true", 'devices = "2"', "chips = 1"])
def test_mistakes_are_named(capsys, tmp_path, budget, value):
    capture = write_csv(tmp_path / "other.csv", [op(call=1)])
    budget.write_text(f"[hardware]\n{value}\n[limits]\nops = 1\n")
    done = here(capsys, "check", capture, "--budget", budget)
    assert (done.status, "hardware" in done.err, done.err.count("\n")) == (2, True, 1)


def test_which_hardware_differs():
    known = Hardware("blackhole", "p100+p150", 8)
    assert not known.differs(Hardware())
    assert not known.differs(Hardware("blackhole", "p150", 8))
    assert known.differs(Hardware("blackhole", "p300", 8))
    assert known.differs(Hardware("blackhole", "p150", 1))
    assert known.differs(Hardware("wormhole_b0"))
    assert (known.named, Hardware("", "", 1).named) == ("8 devices of blackhole (p100+p150)", "an unknown chip")
