"""`db.sqlite`, as TTNN's importer writes it, or older wheels did during the run: tables and columns vary."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from perfsheet.accuracy import possible
from perfsheet.graph_report import texts
from perfsheet.graph_report.building import Builder, limit
from perfsheet.graph_report.errors import damage, unreadable
from perfsheet.graph_report.model import L1, Accuracy, Buffer, Call, Chip, DeviceOp, Execution, GraphReport, Tensor
from perfsheet.graph_report.nodes import (
    BareNode,
    CallContent,
    Node,
    Use,
    described_tensors,
    known_tensors,
    memory_use,
    number,
    stored_bytes,
    walk,
)
from perfsheet.graph_report.stacks import frames_of

T = TypeVar("T")
Key = tuple[int, int]
"""Rank and operation id."""
_L1_TYPE = 1
_ALONE, _ACCUMULATED = "local_tensor_comparison_records", "global_tensor_comparison_records"
_MOST_BANKS = 256
_LAYOUTS = ("INTERLEAVED", "HEIGHT_SHARDED", "WIDTH_SHARDED", "BLOCK_SHARDED")


def read_database(path: Path) -> GraphReport:
    """The report in a database. Raises PerfsheetError (exit status 3) when it is none, or damaged."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            connection.text_factory = lambda text: text.decode("utf-8", "replace")
            reader = _Reader(path, connection)
            with damage(path, "the database"):
                return reader.report()
    except sqlite3.Error as error:
        raise unreadable(path, f"not a readable database ({error})") from None


class _Reader:
    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path = path
        self._connection = connection
        listed = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        self._columns = {
            name: [row[1] for row in connection.execute(f'PRAGMA table_info("{name}")')]
            for (name,) in listed
            if '"' not in name
        }
        if not {"operation_id", "name"} <= set(self._columns.get("operations", ())):
            raise unreadable(path, "has no table `operations`, so it is not a graph report of TTNN")
        self._builder = Builder()
        self._walked: list[tuple[Key, int, CallContent, dict[int, Use]]] = []

    def _rows(self, table: str, *names: str, order: str = "") -> Iterable[tuple[Any, ...]]:
        """The rows of a table, NULL in columns that it lacks (0 as the rank); none without the table."""
        there = self._columns.get(table)
        if not there:
            return ()
        known = {*there, *(f"DISTINCT {name}" for name in there), *(f"CAST({name} AS BLOB)" for name in there)}
        wanted = ", ".join(name if name in known else "0" if name == "rank" else "NULL" for name in names)
        return self._connection.execute(f"SELECT {wanted} FROM {table} {order}")

    def report(self) -> GraphReport:
        builder = self._builder
        self._read_chips()
        self._read_tensors()
        named = self._rows("operations", "rank", "operation_id", "name", "duration")
        each = {(int(rank), int(call)): (str(name), seconds) for rank, call, name, seconds in named}
        operations = [(*key, *each[key]) for key in sorted(each)]
        if not operations and any(True for table in (_ALONE, _ACCUMULATED) for _ in self._rows(table, "tensor_id")):
            raise unreadable(self._path, "comparisons of tensors without ops: set enable_graph_report, too")
        contents = self._contents()
        stacks = self._texts("stack_traces", "stack_trace")
        errors = self._texts("errors", "error_message")
        inputs = self._read_sides("input_tensors", "input_index")
        outputs = self._read_sides("output_tensors", "output_index")
        executions = self._read_executions()
        index: dict[Key, int] = {}
        for rank, call, name, seconds in operations:
            key = (rank, call)
            number_of_call = index[key] = len(builder.calls)
            sides = (inputs.get(key, ()), outputs.get(key, ()))
            first = len(builder.device_ops)
            content = self._add_ops(key, number_of_call, contents(key), executions.get(key, ()), sides)
            builder.add_call(
                Call(
                    call,
                    rank,
                    name,
                    frames_of(stacks.get(key, "")),
                    sides[0] or content.inputs,  # TTNN's importer loses the tensor with id 0
                    sides[1] or content.outputs,
                    range(first, len(builder.device_ops)),
                    None if seconds is None else float(seconds) * 1e9,
                    errors.get(key, ""),
                ),
                content,
            )
        sizes = self._sizes()
        self._add_uses(sizes)
        builder.buffers = list(self._read_buffers(index, sizes))
        builder.without_dispatch = bool(self._columns.get("buffers")) and not self._dispatched
        self._read_accuracy()
        sources = self._rows("source_files", "path", "contents")
        builder.sources = {path: text for path, text in sources if isinstance(path, str) and isinstance(text, str)}
        metadata = dict(self._rows("report_metadata", "key", "value"))
        return builder.report(str(self._path), str(metadata.get("version") or ""))

    def _read_chips(self) -> None:
        names = ("rank", "device_id", "l1_bank_size", "num_x_compute_cores", "num_y_compute_cores")
        for rank, device, bank, width, height in self._rows("devices", *names):
            self._builder.chips.append(Chip(rank, int(device or 0), int(bank or 0), int(width or 0) * int(height or 0)))

    def _read_tensors(self) -> None:
        names = ("rank", "tensor_id", "shape", "dtype", "layout", "memory_config", "address")
        for rank, tensor, shape, dtype, layout, config, address in self._rows("tensors", *names):
            memory, shard = texts.memory(config or "")
            described = Tensor(
                int(tensor),
                texts.shape(shape or ""),
                texts.enum_name(dtype or ""),
                texts.enum_name(layout or ""),
                memory,
                shard,
                None,
                number(address),
            )
            self._builder.tensors.add(rank, described)

    def _texts(self, table: str, name: str) -> dict[Key, str]:
        """A text of each call."""
        rows = self._rows(table, "rank", "operation_id", name)
        return {(rank, call): text for rank, call, text in rows if isinstance(text, str) and text}

    def _contents(self) -> Callable[[Key], bytes | None]:
        """Gives the captured graph of a call; they are large, and asked for in their own order none is kept."""
        there = {row[:2] for row in self._rows("captured_graph", "rank", "operation_id")}
        rows = iter(self._rows("captured_graph", "rank", "operation_id", "CAST(captured_graph AS BLOB)"))
        passed: dict[Key, bytes | None] = {}

        def content(key: Key) -> bytes | None:
            while key in there and key not in passed:
                rank, call, text = next(rows)
                passed.setdefault((rank, call), text)
            return passed.pop(key, None) or None

        return content

    def _read_sides(self, table: str, order: str) -> dict[Key, tuple[int, ...]]:
        found: dict[Key, list[tuple[int, int]]] = {}
        for rank, call, place, tensor in self._rows(table, "rank", "operation_id", order, "tensor_id"):
            index = self._builder.tensors.find(rank, int(tensor))
            if index is not None:
                found.setdefault((rank, call), []).append((place or 0, index))
        return {key: tuple(index for _, index in sorted(some)) for key, some in found.items()}

    def _read_executions(self) -> dict[Key, tuple[tuple[Execution, ...], ...]]:
        """The executions of each call, those of one dispatch together."""
        found: dict[Key, dict[int, list[Execution]]] = {}
        names = ("rank", "operation_id", "runtime_id", "global_call_count", "physical_device_id", "device_id")
        for rank, call, runtime, count, physical, device in self._rows("operation_executions", *names):
            if count is not None:
                same = found.setdefault((rank, call), {}).setdefault(count if runtime is None else runtime, [])
                same.append(Execution(int(count), int((device if physical is None else physical) or 0)))
        return {key: tuple(tuple(same) for _, same in sorted(some.items())) for key, some in found.items()}

    def _add_ops(
        self,
        key: Key,
        call: int,
        content: bytes | None,
        executions: tuple[tuple[Execution, ...], ...],
        sides: tuple[tuple[int, ...], tuple[int, ...]],
    ) -> CallContent:
        """Add the device ops of a call: from its captured graph, or without one as many as it dispatched."""
        relative: dict[int, Use] = {}
        if content is None:
            ops = [DeviceOp("", call, same, *sides, None, None, None, None) for same in executions]
            walked = CallContent(ops, [{} for _ in ops], [], *sides, {})
        else:
            tensors = self._builder.tensors
            nodes: Sequence[BareNode] = self._decoded(content, list[BareNode])
            described = known_tensors(nodes, key[0], tensors)
            if described is None:  # the table of tensors lacks one
                nodes = whole = self._decoded(content, list[Node])
                described = described_tensors(whole, key[0], tensors)
            walked = walk(nodes, call, described, relative)
            ops = walked.device_ops
            if len(executions) == len(ops):  # else the captured graph has them
                ops = [op._replace(executions=same) for op, same in zip(ops, executions, strict=True)]
        self._walked.append((key, len(self._builder.device_ops), walked, relative))
        self._builder.device_ops += ops
        return walked

    def _sizes(self) -> dict[tuple[int, int], int]:
        """Bytes over all banks of buffers, by address and bytes per bank.

        Those that were seen to be allocated state it; what was there before, such as weights, takes what the tensor at
        its address takes, where only one fits.
        """
        sizes = {
            (change.address, change.bank): change.size
            for _, _, walked, _ in self._walked
            for change in walked.changes
            if change.size is not None and change.sign > 0
        }
        at_address: dict[int, set[int]] = {}
        for tensor in self._builder.tensors.all:
            if tensor.address and (size := stored_bytes(tensor)):
                at_address.setdefault(tensor.address, set()).add(size)
        # What was there before the capture is there after the first call.
        firsts = {key[0]: key[1] for key, *_ in reversed(self._walked)}
        at_first = f"WHERE operation_id IN ({', '.join(map(str, firsts.values()))})"
        for address, bank in self._rows("buffers", "DISTINCT address", "max_size_per_bank", order=at_first):
            if (address, bank) not in sizes and bank:
                fitting = [size for size in at_address.get(address, ()) if bank <= size <= _MOST_BANKS * bank]
                if len(fitting) == 1:
                    sizes[address, bank] = fitting[0]
        return sizes

    def _add_uses(self, sizes: dict[tuple[int, int], int]) -> None:
        """What is in use while each device op runs: what is after its call, less what has changed since."""
        ops = self._builder.device_ops
        after = self._read_uses(sizes)
        named = self._device_names
        for key, first, walked, changes in self._walked:
            if not after:
                break
            relative = {named.get(device, device): use for device, use in changes.items()}
            ends = {**dict.fromkeys(relative, _NOTHING), **after.get(key, {})}
            for index, raw_peak in enumerate(walked.peaks, first):
                peak = {named.get(device, device): figures for device, figures in raw_peak.items()}
                uses = [
                    tuple(map(_shifted, end, _NOTHING if device not in relative else relative[device].values(), high))
                    for device, end in ends.items()
                    for high in (peak.get(device, _NOTHING),)
                ]
                ops[index] = ops[index]._replace(use=memory_use(uses))

    def _read_uses(self, sizes: dict[tuple[int, int], int]) -> dict[Key, dict[int, Sequence[int]]]:
        """What is in use after each call, device by device; empty where the report has no buffers."""
        there = self._columns.get("buffers", ())
        if not {"operation_id", "address", "max_size_per_bank", "buffer_type"} <= set(there):
            return {}
        if not self._dispatched:
            return {}
        rank, device = ("b.rank" if "rank" in there else "0"), ("b.device_id" if "device_id" in there else "0")
        execute = self._connection.execute
        execute("CREATE TEMP TABLE sizes (address int, bank int, size int, PRIMARY KEY (address, bank)) WITHOUT ROWID")
        self._connection.executemany(
            "INSERT INTO temp.sizes VALUES (?, ?, ?)", ((*place, size) for place, size in sizes.items())
        )
        rows = execute(
            f"SELECT {rank}, b.operation_id, {device}, SUM(b.max_size_per_bank), SUM(s.size), SUM(s.size IS NULL) "
            "FROM buffers b LEFT JOIN temp.sizes s ON s.address = b.address AND s.bank = b.max_size_per_bank "
            "WHERE b.buffer_type = 0 GROUP BY 1, 2, 3"
        )
        found: dict[Key, dict[int, list[int]]] = {}
        for of_rank, call, of_device, *figures in rows:
            found.setdefault((of_rank, call), {})[of_device or 0] = [0, 0, 0, *(int(figure or 0) for figure in figures)]
        for of_rank, call, of_device, address, bank, _ in self._l1_buffers:
            uses = found.setdefault((of_rank, call), {}).setdefault(of_device or 0, [0] * 6)
            size = sizes.get((address, bank))
            uses[0] += bank or 0
            uses[1] += size or 0
            uses[2] += size is None
        return {key: dict(uses) for key, uses in found.items()}

    @cached_property
    def _device_names(self) -> dict[int, int]:
        """What the table of buffers calls the devices of captured graphs: TTNN's importer numbers them anew from 0."""
        own = sorted({change.device for _, _, walked, _ in self._walked for change in walked.changes})
        listed = sorted({int(device or 0) for (device,) in self._rows("buffers", "DISTINCT device_id")})
        if set(own) <= set(listed):
            return {}
        if len(listed) == 1:
            return dict.fromkeys(own, listed[0])
        return dict(zip(own, listed, strict=False))

    @cached_property
    def _dispatched(self) -> bool:
        """Whether buffers have addresses: without dispatch they have none, and the importer keeps few of them."""
        if "address" not in self._columns.get("buffers", ()):
            return False
        return bool(self._connection.execute("SELECT MAX(address) FROM buffers").fetchone()[0])

    @cached_property
    def _l1_buffers(self) -> list[tuple[Any, ...]]:
        """Rank, call, device, address, bytes per bank and layout of every buffer in L1 after every call."""
        names = ("rank", "operation_id", "device_id", "address", "max_size_per_bank", "buffer_layout")
        return list(self._rows("buffers", *names, order=f"WHERE buffer_type = {_L1_TYPE} ORDER BY 1, 2"))

    def _decoded(self, content: bytes, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(content, type=kind)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise unreadable(self._path, f"damaged: a captured graph is not readable ({error})") from None

    def _read_buffers(self, index: dict[Key, int], sizes: dict[tuple[int, int], int]) -> Iterator[Buffer]:
        """The buffers in L1, each from the first to the last of the calls in a row that list it.

        Where a call frees or allocates at its address, another buffer begins.
        """
        named = self._device_names
        new = {
            (index[key], named.get(change.device, change.device), change.address)
            for key, _, walked, _ in self._walked
            for change in walked.changes
            if change.sign > 0 and change.memory == L1
        }
        if not self._dispatched:
            return
        live: dict[tuple[int, ...], tuple[int, int, int | None]] = {}
        listed: dict[tuple[int, ...], int] = {}
        of_call = -1
        for rank, call, device, address, bank, layout in self._l1_buffers:
            now = index.get((rank, call))
            if now is None:
                continue
            if now != of_call:
                of_call, listed = now, {}
            alike = (int(rank), int(device or 0), int(address or 0), int(bank or 0))
            nth = listed[alike] = listed.get(alike, 0) + 1
            key: tuple[int, ...] = (*alike, nth)
            before = live.get(key)
            if before is not None and before[1] >= now - 1 and (now, alike[1], alike[2]) not in new:
                live[key] = (before[0], now, layout)
                continue
            if before is not None:
                yield _buffer(key, before, sizes)
            live[key] = (now, now, layout)
        for key, before in live.items():
            yield _buffer(key, before, sizes)

    def _read_accuracy(self) -> None:
        found: dict[int, Accuracy] = {}
        for table in (_ALONE, _ACCUMULATED):
            for rank, tensor, desired, actual in self._rows(table, "rank", "tensor_id", "desired_pcc", "actual_pcc"):
                index = self._builder.tensors.find(rank, int(tensor))
                if index is None or actual is None:
                    continue
                before = found.get(index, Accuracy(None, None, None))
                wanted = before.desired if desired is None else limit(float(desired))
                value = possible(float(actual))
                found[index] = (
                    Accuracy(value, before.accumulated, wanted)
                    if table == _ALONE
                    else Accuracy(before.alone, value, wanted)
                )
        self._builder.accuracy = found


_NOTHING = (0,) * 6


def _shifted(end: int, change: int, peak: int) -> int:
    """What was in use at the peak of an op, from what is after its call and how it has changed within."""
    return end - change + peak


def _buffer(
    key: tuple[int, ...],
    life: tuple[int, int, int | None],
    sizes: dict[tuple[int, int], int],
) -> Buffer:
    rank, device, address, bank, _ = key
    first, last, layout = life
    named = _LAYOUTS[layout] if layout is not None and 0 <= layout < len(_LAYOUTS) else ""
    return Buffer(rank, device, named, bank, sizes.get((address, bank)), first, last, None, address)
