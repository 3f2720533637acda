"""Planning a target on a mock board: TTNN decomposes, validates, places and builds its ops; none runs.

    made = plan(PlanRequest(RunRequest("pytest tests/test_block.py"), board="n150"), Path("plan.json"), Watch())
    analysis = analyze(read(made.path))

Failures raise perfsheet.errors.PerfsheetError. A plan is read as a capture is; its times are least times, none is
measured.
"""

from perfsheet.planning.making import PlanRequest, board_of_interpreter, plan
from perfsheet.planning.targets import command_of

__all__ = ["PlanRequest", "board_of_interpreter", "command_of", "plan"]
