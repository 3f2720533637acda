"""The models of the page: what is offered, and the bench that a run is."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from perfsheet.app import models
from perfsheet.app.models import CPU, MODELS, RANDOM, RANDOM_SHOWN, RUNTIMES, Asked, Weights, bench_toml
from perfsheet.models.bench import read_bench

BY_ID = {model.id: model for model in MODELS}


def asked(name, **changes):
    model = BY_ID[name]
    values = {one.name: one.default for one in model.inputs}
    given = {
        "model": model,
        "runtimes": (CPU,),
        "weights": models.weights(model)[0],
        "values": values | ({"image": "image.ppm"} if "image" in values else {}),
        "iterations": 10,
        "warmup": 1,
        "timeout_s": 60,
        "python": sys.executable,
    }
    return Asked(**{**given, **changes})


@pytest.mark.parametrize("name", list(BY_ID))
def test_every_model_is_a_bench_of_its_own_file(name, tmp_path):
    path = tmp_path / "bench.toml"
    path.write_text(bench_toml(asked(name, runtimes=(RUNTIMES[3], CPU))))
    plan = read_bench(path)
    assert [entry.variant.value("runtime") for entry in plan.entries] == ["torch.compile", "torch"]
    shown = f"{RANDOM_SHOWN}, small model" if BY_ID[name].shrunk else RANDOM_SHOWN
    assert {entry.variant.value("weights") for entry in plan.entries} == {shown}
    assert plan.entries[plan.baseline].variant.value("runtime") == "torch"
    file, _, function = plan.entries[0].runtime.function.rpartition(":")
    code = compile(Path(file).read_text(), file, "exec")
    taken = next(one for one in code.co_consts if getattr(one, "co_name", "") == function)
    assert set(dict(plan.entries[0].parameters)) == set(taken.co_varnames[: taken.co_argcount])
    model = BY_ID[name]
    assert (plan.entries[0].tokens is not None) == bool(model.tokens)
    assert bool(plan.counted) == bool(model.tokens)


def test_what_a_user_writes_stays_text(tmp_path):
    hostile = "\"\"\" ''' \\ [bench]\nname = 1 \u202e {x} $(rm -rf)"
    given = asked("bert")
    path = tmp_path / "bench.toml"
    path.write_text(bench_toml(asked("bert", values={**given.values, "question": hostile, "context": hostile})))
    parameters = dict(read_bench(path).entries[0].parameters)
    assert parameters["question"] == parameters["context"] == hostile


def test_weights_are_random_unless_they_are_there(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    gpt2 = BY_ID["gpt2"]
    assert [(one.place, one.download) for one in models.weights(gpt2)] == [(RANDOM, False), (gpt2.hub, True)]
    (tmp_path / "models--openai-community--gpt2" / "snapshots" / "abc").mkdir(parents=True)
    assert [(one.place, one.download) for one in models.weights(gpt2)] == [(gpt2.hub, False), (RANDOM, False)]
    assert [one.place for one in models.weights(BY_ID["mnist"])] == [RANDOM]
    assert Weights("A folder …", "/home/me/my-bert").shown == "my-bert"


@pytest.mark.process
def test_what_an_interpreter_has_is_asked_of_it(tmp_path, monkeypatch):
    models._found.cache_clear()
    assert models.found("/no/such/python") == frozenset()
    # Neither a module of the current folder nor a folder without __init__.py counts, and none of it is run.
    monkeypatch.chdir(tmp_path)
    (tmp_path / "json.py").write_text("raise SystemExit(1)\n")
    for name in ("ttnn", "torch_ttnn"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "there"))
    (tmp_path / "there/torch_xla").mkdir(parents=True)
    (tmp_path / "there/torch_xla/__init__.py").write_text("raise SystemExit(1)\n")
    (tmp_path / "there/tt_torch").mkdir()
    known = models.found(sys.executable)
    assert "torch_xla" in known
    assert not known & {"ttnn", "torch_ttnn", "tt_torch"}
    assert models.missing(("torch_ttnn", "torch"), frozenset({"torch"})) == ["torch_ttnn"]


def test_drawn_pictures_differ_and_can_be_read_back(tmp_path):
    pytest.importorskip("PIL", reason="the extra `app` is not installed")
    from perfsheet import PerfsheetError
    from perfsheet.app import images

    pictures = {name: images.drawn(name) for name in (*images.DIGITS, *images.SCENES)}
    assert len({picture.tobytes() for picture in pictures.values()}) == len(pictures)
    path = tmp_path / "seven.ppm"
    images.save(pictures["7"], path)
    assert path.read_bytes().startswith(b"P6")
    assert images.uploaded(path.read_bytes()).tobytes() == pictures["7"].tobytes()
    for content in (b"", b"no picture", path.read_bytes()[:40]):
        with pytest.raises(PerfsheetError, match="no picture"):
            images.uploaded(content)
