"""The environment of a mock board: made once, in the user's cache, and nothing in the installed package."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from perfsheet.mock_board import BOARDS, knows_mock_boards, make_environment, program
from perfsheet.mock_board.boards import cluster_descriptor

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="TTNN is for Linux")
COMPILER = Path("runtime", "sfpi", "compiler", "bin", "riscv-tt-elf-g++")


@pytest.fixture
def package(tmp_path):
    """An installed ttnn, as far as a mock board needs it."""
    folder = tmp_path / "site-packages" / "ttnn"
    (folder / "runtime" / "hw").mkdir(parents=True)
    (folder / "tt_metal").mkdir()
    (folder / "build" / "lib").mkdir(parents=True)
    (folder / "build" / "lib" / "libtt_metal.so").write_bytes(b"\0TT_METAL_MOCK_CLUSTER_DESC_PATH\0")
    return folder


def tree(folder):
    return sorted((str(path.relative_to(folder)), path.stat().st_mtime_ns) for path in folder.rglob("*"))


def test_nothing_is_written_into_the_package(package, tmp_path):
    before = tree(package)
    made = make_environment(package, "9.9", "n150", folder=tmp_path / "cache")
    assert made.made
    assert made.compiler is None
    assert tree(package) == before
    root = Path(made.variables["TT_METAL_RUNTIME_ROOT"])
    assert root.is_relative_to(tmp_path / "cache")
    assert (root / "tt_metal").resolve() == package / "tt_metal"
    assert (root / "runtime" / "hw").resolve() == package / "runtime" / "hw"
    assert os.access(root / COMPILER, os.X_OK)


def test_it_is_made_once_and_follows_the_package(package, tmp_path):
    first = make_environment(package, "9.9", "n150", folder=tmp_path / "cache")
    before = tree(first.folder)
    again = make_environment(package, "9.9", "n150", folder=tmp_path / "cache")
    assert not again.made
    assert again.variables == first.variables
    assert tree(first.folder) == before
    moved = package.with_name("ttnn2")
    package.rename(moved)
    make_environment(moved, "9.9", "n150", folder=tmp_path / "cache")
    assert (first.folder / "root" / "tt_metal").resolve() == moved / "tt_metal"


def test_the_cache_is_the_users(package, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    made = make_environment(package, "9.9", "p150")
    assert made.folder == tmp_path / "xdg" / "perfsheet" / "mock-boards" / "ttnn-9.9"


def test_a_compiler_of_the_package_is_used_and_its_programs_are_kept_apart(package, tmp_path):
    without = make_environment(package, "9.9", "n150", folder=tmp_path / "cache")
    own = package / COMPILER
    own.parent.mkdir(parents=True)
    own.write_text("#!/bin/sh\n")
    made = make_environment(package, "9.9", "n150", folder=tmp_path / "cache")
    assert made.compiler == own
    assert (made.folder / "root" / COMPILER).resolve() == own.resolve()
    assert made.variables["TT_METAL_CACHE"] != without.variables["TT_METAL_CACHE"]


def test_whether_a_ttnn_knows_mock_boards_is_asked_of_its_libraries(package):
    assert knows_mock_boards(package)
    (package / "build" / "lib" / "libtt_metal.so").write_bytes(b"something else")
    assert not knows_mock_boards(package)


@pytest.mark.process
def test_the_stand_in_compiler_answers_with_programs(package, tmp_path):
    made = make_environment(package, "9.9", "n150", folder=tmp_path / "cache")
    compiler = made.folder / "root" / COMPILER
    work = tmp_path / "kernels" / "x"
    work.mkdir(parents=True)
    subprocess.run([compiler, "-MMD", "-c", "-o", "a.o", "a.cc"], cwd=work, check=True)
    assert (work / "a.o").read_bytes() == b""
    assert (work / "a.d").is_file()
    subprocess.run([compiler, "-o", "a.elf", "a.o"], cwd=work, check=True)
    assert (work / "a.elf").read_bytes() == program.kernel()
    version = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=True).stdout
    assert "stand-in" in version


@pytest.mark.parametrize("made", [program.firmware(), program.kernel()], ids=["firmware", "kernel"])
def test_a_program_is_an_elf_of_32_bit_risc_v(made):
    assert made[:5] == b"\x7fELF\x01"
    kind, machine = struct.unpack_from("<HH", made, 16)
    sections_at, count = struct.unpack_from("<I", made, 32)[0], struct.unpack_from("<H", made, 48)[0]
    assert (kind, machine) == (2, 243)
    assert sections_at + 40 * count == len(made)


@pytest.mark.parametrize(("name", "mesh"), [(name, mesh) for name, board in BOARDS.items() for mesh in board.meshes])
def test_a_descriptor_names_every_chip_everywhere(name, mesh):
    told = yaml.safe_load(cluster_descriptor(name, mesh))
    chips = list(range(BOARDS[name].chips_of(mesh)))
    for key in (
        "arch",
        "chips",
        "chip_unique_ids",
        "chip_to_boardtype",
        "chip_to_bus_id",
        "asic_locations",
        "harvesting",
    ):
        assert list(told[key]) == chips, key
    assert set(told["chip_to_boardtype"].values()) == {name}
    linked = {chip["chip"] for link in told["ethernet_connections"] for chip in link}
    assert linked == (set(chips) if len(chips) == 2 else set())
    assert len(set(told["chip_unique_ids"].values())) == len(chips)
