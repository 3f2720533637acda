"""The models of the page run in real torch: what they answer, and that it is the model's own."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

import pytest

from perfsheet.app.models import ZOO

pytestmark = pytest.mark.torch


@pytest.fixture
def zoo(monkeypatch, tmp_path):
    pytest.importorskip("torch", reason="torch is not installed (make test-app)")
    pytest.importorskip("transformers", reason="transformers is not installed (make test-app)")
    monkeypatch.syspath_prepend(str(ZOO))
    picture = tmp_path / "p.ppm"
    picture.write_bytes(b"P6\n32 32\n255\n" + bytes(range(256)) * 12)
    before = set(sys.modules)
    yield importlib.import_module
    for name in set(sys.modules) - before:
        if name in {path.stem for path in ZOO.glob("*.py")}:
            del sys.modules[name]


def answer(capsys):
    return json.loads(capsys.readouterr().out.partition("output: ")[2].splitlines()[0])


def test_bert_answers_with_a_part_of_the_context(zoo, capsys):
    context = "It opened in May 1889, and half of the city came."
    run = zoo("bert").run("torch", "random", False, "When?", context, 128)
    run()
    said = answer(capsys)
    assert said
    assert said in context
    run()
    assert capsys.readouterr().out == ""  # only the first run answers


def test_generated_text_is_greedy_and_as_long_as_asked(zoo, capsys):
    import torch

    gpt2, runtimes = zoo("gpt2"), zoo("runtimes")
    run = gpt2.run("torch", "random", False, "Once upon", 16, 5)
    tokens = run()[0].tolist()
    assert len(tokens) == 16 + 5
    assert tokens[16 - 9 : 16] == runtimes.Bytes().encode("Once upon")
    # The same by hand: always the likeliest next token of the same model.
    model = runtimes.loaded(
        gpt2.GPT2LMHeadModel,
        gpt2.GPT2Config(
            vocab_size=257, n_positions=1024, n_embd=128, n_layer=2, n_head=2, bos_token_id=0, eos_token_id=0
        ),
        "random",
        False,
    ).eval()
    kept = torch.tensor([tokens[:16]])
    mask = (kept != 0).long()
    with torch.no_grad():
        for _ in range(5):
            places = (mask.cumsum(1) - 1).clamp(min=0)
            scores = model(kept, attention_mask=mask, position_ids=places).logits[0, -1]
            kept = torch.cat([kept, scores.argmax().reshape(1, 1)], 1)
            mask = torch.cat([mask, torch.ones(1, 1, dtype=mask.dtype)], 1)
    assert kept[0].tolist() == tokens


def test_codegen_generates(zoo, capsys):
    assert zoo("codegen").run("torch", "random", False, "def f(x):", 16, 4)().shape == (1, 20)
    assert isinstance(answer(capsys), str)


@pytest.mark.parametrize(("name", "more", "classes"), [("resnet18", (False,), 10), ("mnist", (), 10)])
def test_images_are_classified(zoo, tmp_path, capsys, name, more, classes):
    scores = zoo(name).run("torch", "random", *more, str(tmp_path / "p.ppm"))()
    assert scores.shape == (1, classes)
    assert answer(capsys).count("%") == 3


def test_weights_of_a_folder_are_used(zoo, tmp_path, capsys):
    import torch

    mnist = zoo("mnist")
    model = mnist.Digits()
    with torch.no_grad():
        model.fc2.bias.copy_(torch.arange(10) * 100.0)
    torch.save(model.state_dict(), tmp_path / "mnist.pt")
    mnist.run("torch", str(tmp_path), str(tmp_path / "p.ppm"))()
    assert answer(capsys).startswith("9 (100 %)")


def test_a_folder_of_transformers_is_used_with_its_tokenizer(zoo, tmp_path):
    gpt2, runtimes = zoo("gpt2"), zoo("runtimes")
    config = gpt2.GPT2Config(vocab_size=300, n_positions=64, n_embd=32, n_layer=1, n_head=2)
    gpt2.GPT2LMHeadModel(config).save_pretrained(tmp_path)
    assert runtimes.loaded(gpt2.GPT2LMHeadModel, None, str(tmp_path), False).config.vocab_size == 300
    with pytest.raises(FileNotFoundError, match="no tokenizer"):
        runtimes.tokenizer(str(tmp_path), False)
    with pytest.raises(OSError, match=r".+"):
        runtimes.loaded(gpt2.GPT2LMHeadModel, None, str(tmp_path / "none"), False)


def test_pictures_are_read_and_broken_ones_refused(zoo, tmp_path):
    runtimes = zoo("runtimes")
    image = runtimes.picture(str(tmp_path / "p.ppm"))
    assert image.shape == (1, 3, 32, 32)
    assert float(image.max()) == 1.0
    assert [round(float(image[0, channel, 0, 0] * 255)) for channel in range(3)] == [0, 1, 2]
    for content in (b"P6\n32 32\n255\nshort", b"P5\n1 1\n255\n000", b"P6 1 1 65535 000000"):
        broken = Path(tmp_path / "broken.ppm")
        broken.write_bytes(content)
        with pytest.raises(ValueError, match="no PPM file"):
            runtimes.picture(str(broken))
