"""Where in the source a call comes from: the user's frame, the function with its class, the module path."""

import pytest

from perfsheet.analysis.graph.sources import Sources
from perfsheet.graph_report.model import Call, DeviceOp, Frame, GraphReport
from perfsheet.graph_report.stacks import frames_of

MODEL = '''\
import ttnn


class Attention:
    """Reads like
code at column 0 in a docstring."""

    def __call__(self, x):
        return ttnn.linear(x, self.weight)


class Block:
    def forward(self, x):
        x = self.attention(x)
        return self._scale(x)

    def _scale(self, x):
        return ttnn.multiply(
            x, 2
        )


def helper(x):
    return ttnn.add(x, x)


def run(block, x):
    return helper(block.forward(x))
'''
LINE = {text: number for number, text in enumerate(MODEL.splitlines(), 1)}


def frame(code, function, file="/w/model.py"):
    line = next(number for text, number in LINE.items() if code in text)
    return Frame(file, line, function, code)


LINEAR = frame("return ttnn.linear(x, self.weight)", "__call__")
ATTENTION = frame("x = self.attention(x)", "forward")
MULTIPLY = frame("return ttnn.multiply(", "_scale")
SCALE = frame("return self._scale(x)", "forward")
ADD = frame("return ttnn.add(x, x)", "helper")
RUN = frame("return helper(block.forward(x))", "run")
TEST = Frame("/w/test_model.py", 9, "test_block", "run(Block(), x)")
PYTEST = Frame("/venv/lib/python3.12/site-packages/_pytest/python.py", 157, "pytest_pyfunc_call", "testfunction()")
TTNN = Frame("/venv/lib/python3.12/site-packages/ttnn/decorators.py", 1638, "call_wrapper", "output = f()")
RUNPY = Frame("<frozen runpy>", 198, "_run_module_as_main", "")


def sources(*stacks, carried=None):
    calls = tuple(
        Call(place, 0, "ttnn.op", stack, (), (), range(place, place + 1), None, "")
        for place, stack in enumerate(stacks)
    )
    ops = tuple(DeviceOp("Op", place, (), (), (), None, None, None, None) for place in range(len(stacks)))
    texts = {"/w/model.py": MODEL} if carried is None else carried
    return Sources(GraphReport("/w/db.sqlite", "1", calls, ops, (), (), (), {}, texts)).all


def test_frames_of_ttnn_pytest_and_python_are_skipped():
    (source,) = sources((TTNN, MULTIPLY, SCALE, RUN, TEST, PYTEST, RUNPY))
    assert (source.file, source.line) == (MULTIPLY.file, MULTIPLY.line)
    assert source.function == "Block._scale"
    assert source.place == f"model.py:{MULTIPLY.line}"
    assert source.code == "return ttnn.multiply("


def test_module_that_is_called_goes_by_its_attribute():
    source, other = sources((LINEAR, ATTENTION, RUN, TEST), (ADD, TEST))
    assert source.module == ("run", "Block", "attention")
    assert source.function == "Attention.__call__"
    assert other.module == ("helper",)


def test_what_all_calls_share_on_the_outside_is_left_out():
    source, other = sources((LINEAR, ATTENTION, RUN, TEST), (ADD, RUN, TEST))
    assert source.module == ("Block", "attention")
    assert other.module == ("helper",)


def test_lightweight_modules_hand_on_to_forward():
    forwards = Frame("/tt-metal/models/common/lightweightmodule.py", 12, "__call__", "return self.forward(*args, **kw)")
    called = Frame("/w/other.py", 3, "run", "x = self.block(x)")
    source, _ = sources((ATTENTION, forwards, called, TEST), (ADD, TEST))
    assert source.module == ("run", "block")


def test_without_the_source_the_frames_alone_speak():
    (source,) = sources((MULTIPLY, SCALE, TEST), carried={})
    assert source.function == "_scale"
    assert source.module == ("forward", "_scale")


def test_changed_source_names_no_class():
    (source,) = sources((MULTIPLY, SCALE, TEST), carried={"/w/model.py": MODEL.replace("multiply", "mul")})
    assert source.function == "_scale"


def test_source_of_another_machine_is_found_below_here(tmp_path, monkeypatch):
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "model.py").write_text(MODEL)
    monkeypatch.chdir(tmp_path)
    (source,) = sources((MULTIPLY._replace(file="/home/other/project/pkg/model.py"), TEST), carried={})
    assert source.function == "Block._scale"


@pytest.mark.parametrize("frames", [(), (TTNN, PYTEST, RUNPY)])
def test_no_frame_of_the_user_is_unknown(frames):
    assert sources(frames) == (None,)


def test_script_is_its_own_module():
    (source,) = sources((Frame("/w/script.py", 4, "<module>", "y = ttnn.exp(x)"), RUNPY))
    assert (source.module, source.place) == (("<module>",), "script.py:4")


def test_stacks_as_ttnn_writes_them():
    text = (
        '  File "/w/model.py", line 8, in __call__\n    return ttnn.linear(x, self.weight)\n\n'
        '  File "/w/a b/größe.py", line 12, in test_x\n    run(x)\n\n'
        '  File "<frozen runpy>", line 88, in _run_code\n    \n'
    )
    assert frames_of(text) == (
        Frame("/w/model.py", 8, "__call__", "return ttnn.linear(x, self.weight)"),
        Frame("/w/a b/größe.py", 12, "test_x", "run(x)"),
        Frame("<frozen runpy>", 88, "_run_code", ""),
    )


def test_stacks_in_the_order_of_python():
    text = (
        'Traceback (most recent call last):\n  File "/w/a.py", line 1, in f\n    g()\n  File "/w/b.py", line 2, in g\n'
    )
    assert [frame.function for frame in frames_of(text)] == ["g", "f"]
