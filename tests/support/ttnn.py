"""A real ttnn, in an interpreter of its own."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LAB_PYTHON = os.environ.get("PERFSHEET_LAB_PYTHON")
needs_ttnn = [
    pytest.mark.lab,
    pytest.mark.skipif(not LAB_PYTHON, reason="PERFSHEET_LAB_PYTHON doesn't name an interpreter that has ttnn"),
]

LOOK_UP = """
import inspect, json, re, sys
import tracy, ttnn

def resolve(name):
    value = {"ttnn": ttnn, "tracy": tracy}[name.split(".")[0]]
    for part in name.split(".")[1:]:
        value = getattr(value, part)
    return value

def signature(value):
    if isinstance(value, type):
        return value.__init__.__doc__ or ""
    value = getattr(value, "function", value)
    try:
        return str(inspect.signature(value))
    except (TypeError, ValueError):
        return f"{type(value).__call__.__doc__} {value.__doc__}"

wrong = []
for name, keywords in json.load(sys.stdin):
    try:
        text = signature(resolve(name)) if keywords else resolve(name) and ""
    except AttributeError as error:
        wrong.append(f"{name}: {error}")
        continue
    wrong += [f"{name}({keyword}=)" for keyword in keywords if not re.search(rf"\\b{keyword}\\b *[:=,)]", text)]
print("WRONG " + json.dumps(wrong))
"""


def in_lab(script: str, text: str = "") -> str:
    done = subprocess.run(
        [LAB_PYTHON, "-c", script], input=text, capture_output=True, text=True, cwd=ROOT, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout
