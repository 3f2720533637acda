"""Tool `summary`: one inference per token, and beside the roofline."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta

from perfsheet.analysis.breakdown.inference import Phase, Workload, inference
from perfsheet.mcp.inputs import CaptureInput, PositiveFloat
from perfsheet.mcp.schemas import answer_schema, figure, table_schema, texts, thing
from perfsheet.mcp.session import Session
from perfsheet.mcp.tools.base import Tool, brief
from perfsheet.outputs.json_output.inference import summary
from perfsheet.tables.inference import REGION_TIMES, TIMINGS


class SummaryInput(CaptureInput):
    """A capture, and what one inference of it works on; `batch` has the users."""

    phase: Annotated[Literal["decode", "prefill"] | None, Meta(description="Of a language model.")] = None
    tokens: Annotated[
        PositiveFloat | None, Meta(description="Tokens of one user in an inference: the prompt; of a decode step 1.")
    ] = None
    end_to_end_ms: Annotated[
        PositiveFloat | None, Meta(description="What one inference took end to end, measured without the profiler.")
    ] = None


def call(session: Session, given: SummaryInput) -> dict[str, Any]:
    """Times of one inference, per token, of the peaks; the roofline; what is off the device; regions."""
    end_to_end = None if given.end_to_end_ms is None else given.end_to_end_ms * 1e6
    phase = None if given.phase is None else Phase(given.phase)
    analysis = session.analyse(given)
    return summary(analysis, inference(analysis, Workload(given.batch, phase, given.tokens, end_to_end)))


TOOL = Tool(
    name="summary",
    title="One inference",
    about=(
        "One inference as a model card has it: kernel, elapsed and end-to-end time, ms per token, tokens/s/user, "
        "share of the DRAM bandwidth (what counts in decode) and of the FLOPs (in prefill), the roofline, device "
        "time between signposts, what is off the device."
    ),
    input=SummaryInput,
    answer=answer_schema(
        workload=thing("phase, batch, tokens"),
        times=table_schema(TIMINGS),
        roofline=thing("ns, known_pct, bound, ms_per_token"),
        off_device_ns=figure("end to end less elapsed device time [ns]"),
        regions=table_schema(REGION_TIMES),
        limitations=texts("what has to be said beside the figures"),
    ),
    call=call,
    view=brief,
    order=90,
)
