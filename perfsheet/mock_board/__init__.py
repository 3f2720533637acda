"""A mock board: the real TTNN without a device checks, places and builds every op, and runs none.

TTNN opens the cluster that TT_METAL_MOCK_CLUSTER_DESC_PATH describes as if it were there. Shapes, layouts, memory,
program configs, cores, circular buffers and refusals are TTNN's own then; values read back are zeros, and nothing takes
time. Standard library only: tests and tools run it in interpreters without perfsheet's dependencies.
"""

from perfsheet.mock_board.boards import BOARDS, MockBoard, cluster_descriptor
from perfsheet.mock_board.environment import (
    FIRST_TTNN,
    MockEnvironment,
    default_folder,
    knows_mock_boards,
    make_environment,
)

__all__ = [
    "BOARDS",
    "FIRST_TTNN",
    "MockBoard",
    "MockEnvironment",
    "cluster_descriptor",
    "default_folder",
    "knows_mock_boards",
    "make_environment",
]
