from __future__ import annotations

import errno
from pathlib import Path

import pytest

from perfsheet.errors import ExitStatus, PerfsheetError
from perfsheet.run.artifacts import PrivateRoot, announced_csv, without_colours


def write(root: Path, stamp: str, text: str = "OP CODE\n") -> Path:
    path = root / "reports" / stamp / f"ops_perf_results_{stamp}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("2026 | INFO | tracy:f:1814 - OPs csv generated at: /a/b.csv", "/a/b.csv"),
        ("OPs csv generated at: /a b/c.csv ", "/a b/c.csv"),
        ("\x1b[1mOPs csv generated at: /a/b.csv\x1b[0m", "/a/b.csv"),
        ("Device only OPs csv generated at: /a/b.csv", None),
        ("ops csv generated at: /a/b.csv", None),
    ],
)
def test_announcement(line: str, path: str | None) -> None:
    assert announced_csv(without_colours(line)) == (Path(path) if path else None)


def test_announced_csv_of_several(tmp_path: Path) -> None:
    private = PrivateRoot(tmp_path, "a" * 32)
    new = write(private.path, "2026")
    write(private.path, "2026_other")
    assert private.csv(new) == new


def test_csv_outside_the_run_s_own_root_is_never_taken(tmp_path: Path) -> None:
    private = PrivateRoot(tmp_path, "a" * 32)
    assert private.csv(write(tmp_path, "2025")) is None
    assert private.csv(tmp_path / "missing.csv") is None


def test_without_announcement_the_only_csv(tmp_path: Path) -> None:
    write(tmp_path, "2025")
    private = PrivateRoot(tmp_path, "a" * 32)
    assert private.csv(None) is None
    new = write(private.path, "2026")
    assert private.csv(None) == new
    write(private.path, "2026_other")
    assert private.csv(None) is None


def test_report_moves_to_the_user_s_root_with_its_raw_logs(tmp_path: Path) -> None:
    private = PrivateRoot(tmp_path, "a" * 32)
    csv = write(private.path, "demo_2026")
    logs = private.path / ".logs"
    logs.mkdir()
    (logs / "profile_log_device.csv").write_text("device")
    (logs / "tracy_ops_times.csv").write_text("times")
    (csv.parent / "profile_log_device.csv").write_text("device")
    published = private.publish(csv)
    assert published == tmp_path / "reports" / "demo_2026" / csv.name
    assert published.read_text() == "OP CODE\n"
    assert [log.name for log in (published.parent / ".logs").iterdir()] == ["tracy_ops_times.csv"]
    assert [path.name for path in tmp_path.iterdir()] == ["reports"]


def test_reports_of_the_same_second_stand_beside_each_other(tmp_path: Path) -> None:
    first, second = PrivateRoot(tmp_path, "a" * 32), PrivateRoot(tmp_path, "b" * 32)
    published = [
        private.publish(write(private.path, "2026", text)) for private, text in ((first, "one"), (second, "two"))
    ]
    assert [path.read_text() for path in published] == ["one", "two"]
    assert published[1].parent.name == "2026_2"


def test_report_that_cannot_be_moved_is_kept_and_named(tmp_path: Path) -> None:
    private = PrivateRoot(tmp_path, "a" * 32)
    csv = write(private.path, "2026")
    (tmp_path / "reports").write_text("a file is in the way")
    with pytest.raises(PerfsheetError) as caught:
        private.publish(csv)
    assert caught.value.status == ExitStatus.OUTPUT_NOT_WRITTEN
    private.discard()
    assert str(csv.parent) in caught.value.hint
    assert csv.is_file()


def test_report_survives_raw_logs_that_cannot_be_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    private = PrivateRoot(tmp_path, "a" * 32)
    csv = write(private.path, "2026")
    (private.path / ".logs").mkdir()
    (private.path / ".logs" / "tracy_ops_times.csv").touch()

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "mkdir", full)
    with pytest.raises(PerfsheetError):
        private.publish(csv)
    private.discard()
    assert csv.is_file()


def test_report_moves_to_another_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    private = PrivateRoot(tmp_path, "a" * 32)
    csv = write(private.path, "2026")

    def elsewhere(*_: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(Path, "rename", elsewhere)
    monkeypatch.setattr("os.rename", elsewhere)
    assert private.publish(csv).read_text() == "OP CODE\n"


def test_raw_logs_put_aside(tmp_path: Path) -> None:
    private = PrivateRoot(tmp_path, "a" * 32)
    (private.path / ".logs").mkdir()
    aside = private.keep()
    private.discard()
    assert (aside / ".logs").is_dir()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["failed"]
