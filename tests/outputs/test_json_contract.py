"""The exact contract of the JSON: the keys of tests/data/json-keys.txt, each explained in the docs."""

from __future__ import annotations

import re
from copy import deepcopy
from pathlib import Path

import pytest
from support.json_keys import KEYS_FILE, documents, keys_text

DOCS = Path(__file__).resolve().parents[2] / "docs"
_MEANT = (
    "a key came or went: if that is meant, run `make docs`, review the change of json-keys.txt, and document the key"
)


@pytest.fixture(scope="module")
def examples(tmp_path_factory):
    return documents(tmp_path_factory.mktemp("json"))


def test_every_document_has_exactly_the_keys_of_the_contract(examples):
    assert keys_text(examples).splitlines() == KEYS_FILE.read_text(encoding="utf-8").splitlines(), _MEANT


@pytest.mark.parametrize("command", ["top-ops", "compare", "check", "run --split-cases", "suite run"])
def test_an_unknown_key_and_a_missing_key_break_the_contract(examples, command):
    contract = keys_text(examples)
    changed = deepcopy(examples)
    changed[command][0]["unknown"] = 1
    assert keys_text(changed) != contract
    changed = deepcopy(examples)
    del changed[command][0]["schema_version"]
    assert keys_text(changed) != contract


def test_a_key_that_is_missing_from_one_op_breaks_the_contract(examples):
    changed = deepcopy(examples)
    del changed["top-ops"][0]["ops"][1]["shape"]
    assert "  shape?" in keys_text(changed).splitlines()


def test_every_key_is_in_the_docs():
    keys = {
        key
        for line in KEYS_FILE.read_text(encoding="utf-8").splitlines()
        if line.startswith("  ")
        for key in re.sub(r" =.*|[*?]|\[\]", "", line).strip().split(".")
        if key
    }
    pages = "".join((DOCS / page).read_text(encoding="utf-8") for page in ("json.md", "columns.md"))
    pages += (DOCS / "history.md").read_text(encoding="utf-8").partition("## Tables of the store")[2]
    named = {word for code in re.findall(r"`([^`]+)`", pages) for word in re.findall(r"\w+", code)}
    assert keys <= named, keys - named
