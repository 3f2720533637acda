"""[tool.perfsheet] in pyproject.toml."""

import json
from pathlib import Path

import pytest
from support.captures import op, write_csv
from support.command import here

from perfsheet.cli.settings import defaults


def settings(text: str, folder: Path | None = None) -> None:
    ((folder or Path.cwd()) / "pyproject.toml").write_text(text)


def head(done):
    assert done.status == 0, done.err
    return json.loads(done.out)["capture"]


def test_defaults(capsys, run_csv):
    settings("[tool.perfsheet]\nref-cores = 64\nlow-cores = 100\nbatch = 8\ntop = 1\n")
    result = json.loads(here(capsys, "top-ops", run_csv, "--json").out)
    assert (result["capture"]["ref_cores"], len(result["ops"])) == (64, 1)
    assert result["capture"]["fps"]["all"] == pytest.approx(8e9 / 50_000)
    assert "low-core-count" in result["ops"][0]["flags"]
    hotspots = json.loads(here(capsys, "hotspots", run_csv, "--json").out)
    assert hotspots["totals"]["low-core-count"]["rows"] == 3


def test_the_board(capsys, tmp_path):
    settings('[tool.perfsheet]\nboard = "p150"\n')
    old = write_csv(tmp_path / "old.csv", [op(cores=3)], "S6")
    assert head(here(capsys, "top-ops", old, "--json"))["worker_cores"] == 110
    assert head(here(capsys, "report", old, "--json"))["worker_cores"] == 110


@pytest.mark.parametrize("value", ["'grid'", "64", "56.5"])
def test_reference_cores_of_every_type(capsys, run_csv, value):
    settings(f"[tool.perfsheet]\nref-cores = {value}\n")
    assert str(head(here(capsys, "top-ops", run_csv, "--json"))["ref_cores"]) == value.strip("'")


def test_options_win_over_settings(capsys, run_csv):
    settings("[tool.perfsheet]\nref-cores = 64\n")
    assert head(here(capsys, "top-ops", run_csv, "--json", "--ref-cores", "72"))["ref_cores"] == 72


def test_the_nearest_file_counts(capsys, run_csv, tmp_path, monkeypatch):
    settings("[tool.perfsheet]\nref-cores = 64\n", tmp_path)
    deep = tmp_path / "cwd" / "a" / "b"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    assert head(here(capsys, "top-ops", run_csv, "--json"))["ref_cores"] == 64
    settings("[tool.perfsheet]\nref-cores = 72\n", tmp_path / "cwd" / "a")
    assert head(here(capsys, "top-ops", run_csv, "--json"))["ref_cores"] == 72


@pytest.mark.parametrize("text", ["", "[project]\nname = 'x'\n", "[tool.other]\nref-cores = 1\n"])
def test_other_projects_are_left_alone(capsys, run_csv, text):
    settings(text)
    assert head(here(capsys, "top-ops", run_csv, "--json"))["ref_cores"] == 108


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[tool.perfsheet]\nref-core = 64\n", "'ref-core'"),
        ("[tool.perfsheet]\nref-cores = 64\n[tool.perfsheet.colours]\na = 1\n", "'colours'"),
        ("[tool.perfsheet\n", "TOML"),
        ("[tool.perfsheet]\nref-cores = 'many'\n", "many"),
        ("[tool.perfsheet]\nboard = 'n999'\n", "n999"),
        ("[tool.perfsheet]\nbatch = 'two'\n", "batch"),
        ("[tool.perfsheet]\nbatch = [1, 2]\n", "batch"),
        ("[[tool.perfsheet]]\nbatch = 2\n", "perfsheet"),
    ],
)
def test_settings_that_cannot_be_followed_end_with_2(capsys, run_csv, text, word):
    settings(text)
    done = here(capsys, "top-ops", run_csv)
    assert done.status == 2
    assert word in done.err
    assert "bug" not in done.err


def test_a_file_that_is_no_text_is_left_alone_unless_it_has_settings(capsys, run_csv):
    (Path.cwd() / "pyproject.toml").write_bytes(b"\xff\xfe\x00[tool.other]")
    assert here(capsys, "top-ops", run_csv).status == 0
    (Path.cwd() / "pyproject.toml").write_bytes(b"\xff\xfe\x00[tool.perfsheet]")
    done = here(capsys, "top-ops", run_csv)
    assert (done.status, "pyproject.toml is not UTF-8 text" in done.err) == (2, True)


def test_every_command_that_analyses_captures_takes_the_settings():
    from typer.main import get_command

    from perfsheet.cli.app import app

    def analysing(group, path=()):
        for name in group.list_commands(None):
            found = group.get_command(None, name)
            if hasattr(found, "list_commands"):
                yield from analysing(found, (*path, name))
            elif any(parameter.name == "ref_cores" for parameter in found.params):
                yield " ".join((*path, name))

    settings("[tool.perfsheet]\nlow-cores = 90\n")
    given = defaults(Path.cwd())
    for command in analysing(get_command(app)):
        found = given
        for word in command.split():
            found = found.get(word, {})
        assert found.get("low_cores_pct") == 90, command
