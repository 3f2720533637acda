"""The target's interpreter and its packages."""

from __future__ import annotations

from collections.abc import Iterator

from perfsheet.doctor.model import Diagnosis, Patient
from perfsheet.doctor.probes import answer

_IMPORT_TIMEOUT_S = 120


def interpreter(patient: Patient) -> Iterator[Diagnosis]:
    """It starts."""
    box = patient.toolbox
    if box.broken:
        yield Diagnosis("python", "Python", False, box.broken, "name another interpreter with --python")
    else:
        yield Diagnosis("python", "Python", True, f"{box.versions['python']}, {box.interpreter}")


def pytest(patient: Patient) -> Iterator[Diagnosis]:
    """pytest is installed."""
    version = patient.toolbox.versions.get("pytest")
    mend = f"{patient.toolbox.interpreter} -m pip install pytest"
    yield Diagnosis("pytest", "pytest", version is not None, version or "not installed", "" if version else mend)


def ttnn(patient: Patient) -> Iterator[Diagnosis]:
    """ttnn imports; that opens no device."""
    box = patient.toolbox
    if box.ttnn_file is None:
        mend = "activate the Python environment of tt-metal, or name it with --python"
        yield Diagnosis("ttnn", "ttnn", False, f"not installed for {box.interpreter}", mend)
        return
    version = box.versions.get("ttnn") or "version unknown"
    _, error = answer(patient, "import ttnn", _IMPORT_TIMEOUT_S)
    if error:
        yield Diagnosis(
            "ttnn", "ttnn", False, f"{version} does not import: {error}", "install it again, or build tt-metal"
        )
    else:
        yield Diagnosis("ttnn", "ttnn", True, f"{version}, {box.ttnn_file}")


def pandas(patient: Patient) -> Iterator[Diagnosis]:
    """pandas is one that the profiler's post-processing works with."""
    version = patient.toolbox.versions.get("pandas")
    if version is None:
        yield Diagnosis("pandas", "pandas", None, "not installed; older profilers do without")
    elif version.partition(".")[0].isdigit() and int(version.partition(".")[0]) >= 3:
        mend = f"{patient.toolbox.interpreter} -m pip install 'pandas<3'"
        yield Diagnosis(
            "pandas", "pandas", False, f"{version} breaks the profiler's post-processing of device logs", mend
        )
    else:
        yield Diagnosis("pandas", "pandas", True, version)
