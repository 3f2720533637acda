"""Tensors that show the memory of another one: data flow follows them. Made-up captures, no TTNN."""

import json

from perfsheet.graph_report import read_graph_report


class Capture:
    """Nodes of a capture, one call after the other."""

    def __init__(self):
        self.nodes = []
        self.calls = []

    def _add(self, kind, **rest):
        self.nodes.append({"counter": len(self.nodes), "node_type": kind, **rest})
        return len(self.nodes) - 1

    def tensor(self, tensor, address=None, shape="[1, 1, 32, 64]"):
        described = {"tensor_id": tensor, "shape": f"Shape({shape})", "size": 4096, "address": address}
        return self._add("tensor", params={key: value for key, value in described.items() if value is not None})

    def call(self, name, inner, reads, makes, inputs, outputs, address=None):
        """A Python call with one function in it; `reads` and `makes` are what the function names, the rest Python's."""
        self._add("function_start", params={"name": name})
        of_op = {} if inner.startswith("Tensor::") else {"program_cache_hit": True}
        read = [len(self.nodes) + 1 + place for place, _ in enumerate(reads)]
        self._add("function_start", params={"name": inner, **of_op}, input_tensors=read)
        for tensor in reads:
            self.tensor(tensor)
        self._add("function_end", connections=[len(self.nodes) + 1])
        self.tensor(makes, address)
        self._add("function_end", connections=[])
        self.calls.append({"name": name, "input_tensor_ids": inputs, "output_tensor_ids": outputs})

    def read(self, folder):
        path = folder / "capture.json"
        path.write_text(json.dumps({"graph": self.nodes}))
        path.with_suffix(".python_io.json").write_text(json.dumps(self.calls))
        return read_graph_report(path)


def index(report, tensor_id):
    return next(place for place, tensor in enumerate(report.tensors) if tensor.id == tensor_id)


def test_reshape_that_moves_nothing_passes_on_who_made_and_who_reads(tmp_path):
    capture = Capture()
    capture.call("ttnn.exp", "ExpDeviceOperation", [1], 2, [1], [2], address=4096)
    capture.call("ttnn.reshape", "Tensor::reshape", [2], 3, [2], [3])
    capture.call("ttnn.reshape", "Tensor::reshape", [3], 4, [3], [4])
    capture.call("ttnn.abs", "AbsDeviceOperation", [4], 5, [4], [5], address=8192)
    report = capture.read(tmp_path)
    made, first, second, read = (index(report, tensor) for tensor in (2, 3, 4, 5))
    assert report.views == {first: made, second: made}
    assert report.producers == {made: 0, first: 0, second: 0, read: 1}
    assert {report.consumers[tensor] for tensor in (made, first, second)} == {(1,)}


def test_tensor_that_python_knows_by_another_id(tmp_path):
    """So it is in fast runtime mode."""
    capture = Capture()
    capture.call("ttnn.exp", "ExpDeviceOperation", [1], 2, [1], [3], address=4096)
    capture.tensor(3, 4096)
    capture.call("ttnn.abs", "AbsDeviceOperation", [3], 4, [3], [5], address=8192)
    report = capture.read(tmp_path)
    assert report.views == {index(report, 3): index(report, 2)}
    assert report.producers[index(report, 3)] == 0
    assert report.consumers[index(report, 2)] == report.consumers[index(report, 3)] == (1,)


def test_other_address_is_another_tensor(tmp_path):
    capture = Capture()
    capture.call("ttnn.exp", "ExpDeviceOperation", [1], 2, [1], [3], address=4096)
    capture.tensor(3, 8192)
    report = capture.read(tmp_path)
    assert report.views == {}
    assert index(report, 3) not in report.producers


def test_ids_that_go_round_in_a_circle_end(tmp_path):
    capture = Capture()
    capture.call("ttnn.reshape", "Tensor::reshape", [1], 2, [1], [2])
    capture.call("ttnn.reshape", "Tensor::reshape", [2], 1, [2], [1])
    report = capture.read(tmp_path)
    assert report.views == {index(report, 2): index(report, 1)}
    assert (report.producers, report.consumers) == ({}, {})
