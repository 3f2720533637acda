"""What was read: records, kernel durations, core counts, tensors, names."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import numpy as np

from perfsheet.analysis.ops.categories import ATTENTION, CONV, MATMUL
from perfsheet.analysis.ops.device_ops import LONGEST_PLAUSIBLE_NS, Ops
from perfsheet.analysis.ops.grid import MOST_CORES, SOURCE_TEXT, UNKNOWN
from perfsheet.analysis.ops.variants import TensorSet
from perfsheet.analysis.quality.rows import row_check
from perfsheet.analysis.results import Check
from perfsheet.analysis.statistics import ratio
from perfsheet.capture.notes import Note, rows
from perfsheet.capture.table import BoolArray, FloatArray, OpsTable, RowKind
from perfsheet.capture.texts import Texts
from perfsheet.hardware.boards import ARCHES, FIDELITY_PASSES

_NOT_REPAIRED = {"devices-shifted", "real-time", "hidden-sheets"}
_REMARKS = {"hidden-sheets"}
"""Notes of the reader that are no warnings, but part of the verdict."""
_FEW, _MOSTLY = 3, 0.7
_SHOWN = 3
_PROFILE_AGAIN = "profile again with --op-support-count or --dump-device-data-mid-run"


def records(table: OpsTable) -> Iterator[Check]:
    """What the reader noticed, and how many rows are used."""
    dropped = sum(note.dropped for note in table.notes)
    used = rows(len(table), "row")
    reasons = "; ".join(note.text for note in table.notes if note.dropped)
    yield Check(
        "records",
        "Records of the file",
        True,
        dropped,
        f"{used} used, {dropped:,} dropped: {reasons}" if dropped else "every record matches the header and was read",
        brief=_used(table, dropped),
    )
    for note in table.notes:
        repaired, is_remark = note.id not in _NOT_REPAIRED, note.id in _REMARKS
        brief = note.text.removeprefix(f"{table.files[0]}: " if len(table.files) == 1 else "") if is_remark else ""
        yield Check(note.id, "Records of the file", is_remark, note.count, note.text, repaired, brief=brief)


def _used(table: OpsTable, dropped: int) -> str:
    if dropped:
        return f"{len(table):,} of {len(table) + dropped:,} rows used"
    more = ", but more are missing" if losses(table.notes) else ""
    return f"every row used ({len(table):,}){more}"


def losses(notes: tuple[Note, ...]) -> int:
    """How many rows were dropped because of damage that may have lost ops of the run."""
    return sum(max(note.dropped, 1) for note in notes if note.loses)


def durations(ops: Ops) -> Iterator[Check]:
    """Kernel durations that are missing, impossible or zero."""
    label, blank = "Kernel durations", np.isnan(ops.raw_kernel_ns)
    timed = int(ops.timed.sum())
    share = ratio(timed, len(ops))
    yield Check(
        "coverage",
        label,
        True,
        timed,
        f"{timed:,} of {rows(len(ops), 'device op')} have a usable one, {share:.1%}"
        + ("" if ops.nearly_all_timed else ": too few for FPS"),
        brief="every op timed" if timed == len(ops) else f"{100 * share:.1f} % of ops timed",
    )
    yield row_check(
        "blank-duration",
        label,
        blank,
        f"all {rows(len(ops), 'device row')} have one",
        f"{{rows}} without DEVICE KERNEL DURATION [ns]: {_why_blank(ops.table)}",
        repaired=True,
    )
    yield row_check(
        "implausible-duration",
        label,
        ~blank & ~ops.timed & ~ops.invalid,
        "none is negative, absurdly short or absurdly long",
        f"{{rows}} with a negative duration or one above {LONGEST_PLAUSIBLE_NS:.0e} ns, or close to zero (corrupt "
        "markers), left out",
        repaired=True,
    )
    yield row_check(
        "contradicted-duration",
        label,
        ops.invalid,
        "none contradicts the gaps around it",
        f"{{rows}} whose duration contradicts the gaps{_where(ops, ops.invalid)}: start and end markers of different "
        "replays (tt-metal#48043); not ranked, not summed",
        repaired=True,
    )
    yield row_check("zero-duration", label, ops.kernel_ns == 0, "none is zero", "{rows} with a duration of 0 ns")
    broken = ops.timed & (ops.kernel_ns != np.round(ops.kernel_ns))
    thousands = np.count_nonzero(broken) > _FEW and _three_decimals(ops.kernel_ns[broken])
    yield row_check(
        "fractional-duration",
        label,
        broken & (thousands | (2 * np.count_nonzero(broken) < timed)),
        "none or few are fractions of a ns among whole ones",
        "{rows} with a fraction of a ns, which the profiler does not write: was the point a thousands separator?",
    )
    elsewhere = (ops.table.kind != RowKind.DEVICE) & (ops.table.number("kernel_duration_ns") > 0)
    count = int(np.count_nonzero(elsewhere))
    text = f"{rows(count)} with OP TYPE host op or signpost but with device times, which are not counted"
    fine = "no host op or signpost has one"
    yield Check("host-row-duration", label, not count, count, text if count else fine, bool(count))


def _where(ops: Ops, these: BoolArray) -> str:
    """` (rows 3, 4, 5, …)`."""
    numbers = ops.table.row[ops.rows[these]][: _SHOWN + 1].tolist()
    more = ", …" if len(numbers) > _SHOWN else ""
    name = "row" if len(numbers) == 1 else "rows"
    return f" ({name} {', '.join(map(str, numbers[:_SHOWN]))}{more})" if numbers else ""


def _three_decimals(figures: FloatArray) -> bool:
    """Whether all figures have three decimals, mostly without a trailing zero."""
    thousandths = figures * 1000
    exact = np.abs(thousandths - np.round(thousandths)) < 1e-6 * np.maximum(1, np.abs(figures))
    return bool(exact.all()) and float(np.mean(np.round(thousandths) % 10 != 0)) > _MOSTLY


def _why_blank(table: OpsTable) -> str:
    """Blank cells mean missing device data; unreadable cells need another fix."""
    if any(note.id == "unreadable-numbers" for note in table.notes):
        return "the cells are blank or unreadable, so the ops are neither ranked nor summed"
    return f"device data is missing, so the ops are neither ranked nor summed; {_PROFILE_AGAIN}"


def cores(ops: Ops) -> Iterator[Check]:
    """Worker grids and core counts that are missing or contradict each other."""
    sources = ops.grid.sources
    unknown_grid = np.isnan(ops.worker_cores)
    sources_text = " and ".join(SOURCE_TEXT[source] for source in sources if source != UNKNOWN)
    missing = f"{rows(int(unknown_grid.sum()), 'device row')} without a known worker grid: {SOURCE_TEXT[UNKNOWN]}"
    yield Check(
        "worker-grid",
        "Worker grid",
        not unknown_grid.any(),
        int(unknown_grid.sum()),
        f"{missing}; not checked for a low core count" if UNKNOWN in sources else f"from {sources_text}",
    )
    yield row_check(
        "implausible-grid",
        "Worker grid",
        (ops.number("available_worker_cores") > MOST_CORES) | (ops.number("available_worker_cores") < 1),
        "all are possible",
        f"{{rows}} with an AVAILABLE WORKER CORE COUNT below 1 or above {MOST_CORES:,}, which no chip has: ignored",
        repaired=True,
    )
    yield row_check(
        "no-core-count",
        "Core counts",
        ops.timed & np.isnan(ops.cores),
        "every timed op has one",
        "{rows} with a blank, zero or impossible CORE COUNT: no utilization, not checked for a low core count",
    )
    yield row_check(
        "cores-above-grid",
        "Core counts",
        ops.cores > ops.worker_cores,
        "none exceeds its worker grid",
        "{rows} with a CORE COUNT above the worker grid",
    )


def tensors(ops: Ops) -> Iterator[Check]:
    """Tensors whose shape or memory cannot be read."""
    shapeless, placeless = (
        np.array(ops.variants.by_tensors(is_lacking), np.bool_) for is_lacking in (_lacks_shape, _lacks_place)
    )
    yield row_check(
        "unreadable-shapes",
        "Tensors",
        shapeless[ops.variants.of],
        "all shapes can be read",
        "{rows} with a tensor whose shape is missing or unreadable: figures that depend on it are unknown",
        repaired=True,
    )
    yield row_check(
        "unknown-memory",
        "Tensors",
        placeless[ops.variants.of],
        "the memory of every tensor is known",
        "{rows} with a tensor whose memory is blank or unknown: its bytes are not counted",
        repaired=True,
    )


def _lacks_shape(tensors: TensorSet) -> bool:
    return any(tensor.padded is None or tensor.logical is None for tensor in tensors.all)


def _lacks_place(tensors: TensorSet) -> bool:
    return any(not tensor.placed for tensor in tensors.all)


def unknown_names(ops: Ops) -> Iterator[Check]:
    """Blank or unknown op codes, fidelities, data types and architectures, and what is missing because of it."""
    yield row_check(
        "blank-op-code",
        "Op codes",
        ops.text("op_code").where(lambda cell: not cell.strip()),
        "every op has one",
        "{rows} with a blank OP CODE, ranked as (blank)",
        repaired=True,
    )
    fidelities = {name.upper() for name in FIDELITY_PASSES}
    fidelity = ops.text("math_fidelity").mapped(lambda cell: cell.strip().upper())
    yield _unknown(
        "unknown-fidelity", "Math fidelity", *_unknown_values(fidelity, fidelities), "MATH FIDELITY", "no compute peak"
    )
    wants = ops.in_category(MATMUL, CONV, ATTENTION)
    blank = wants & fidelity.where(lambda cell: not cell)
    yield row_check(
        "blank-fidelity",
        "Math fidelity",
        blank & (blank != wants).any(),
        "every matmul, convolution and attention has one, or none has",
        "{rows} of matmuls, convolutions and attention with a blank MATH FIDELITY: their compute peak is unknown",
    )
    types = ops.variants.by_tensors(
        lambda tensors: {tensor.datatype for tensor in tensors.all if tensor.bytes_per_element is None}
    )
    untyped = np.array([bool(unknown_types) for unknown_types in types], dtype=np.bool_)[ops.variants.of]
    yield _unknown("unknown-datatype", "Data types", sorted(set().union(*types)), untyped, "DATATYPE", "no bytes")
    arch = ops.text("device_arch").mapped(lambda cell: cell.strip().lower())
    if not ops.board:
        yield _unknown("unknown-arch", "Chips", *_unknown_values(arch, ARCHES), "DEVICE ARCH", "no peaks")
    if arch.where(bool).any():
        yield row_check(
            "blank-arch",
            "Chips",
            arch.where(lambda cell: not cell),
            "every op states its chip",
            "{rows} with a blank DEVICE ARCH",
        )


def _unknown_values(cells: Texts, vocabulary: Collection[str]) -> tuple[list[str], BoolArray]:
    """The values that are not in the vocabulary, and the rows that have one."""
    return [word for word in cells.present() if word and word not in vocabulary], cells.where(
        lambda word: bool(word) and word not in vocabulary
    )


def _unknown(name: str, label: str, names: Sequence[str], which: BoolArray, column: str, lacks: str) -> Check:
    """The check of ops with an unknown value: which values, and what is unknown about these ops because of it."""
    count = int(np.count_nonzero(which))
    shown = ", ".join(repr(word[:30]) for word in names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
    text = f"{rows(count, 'device row')} with an unknown {column} ({shown}): {lacks} for them"
    return Check(name, label, not count, count, text if count else f"every {column} is known")
