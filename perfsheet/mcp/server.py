"""The server: tools, resources and prompts over standard input and output, on the protocol's official SDK."""

from __future__ import annotations

import os
import re
import sys
from typing import Any

import anyio
import anyio.to_thread
import mcp_types as types
import msgspec
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError

from perfsheet import pages
from perfsheet._version import __version__
from perfsheet.errors import PerfsheetError
from perfsheet.mcp.prompts import PROMPTS
from perfsheet.mcp.schemas import input_schema
from perfsheet.mcp.session import Session
from perfsheet.mcp.tools import TOOLS
from perfsheet.mcp.tools.base import Lane, Tool
from perfsheet.text.json_view import pieces, viewed
from perfsheet.text.safe import clean

_SCHEME = "perfsheet://docs/"
_INSTRUCTIONS = """perfsheet reads captures of the tt-metal profiler (ops CSVs), and says what to fix first.
Start with `overview` of a capture (`captures` lists them); `explain` has one cause, op or rule in depth; after a change
take another capture, then `compare` and `check`. Figures are of one inference (one warm pass, the critical path of a
mesh) unless another window is asked for; times are ns. Null is unknown. Expected savings and bounds are not
measurements, least times of a plan are no kernel durations, and a replayed capture was recorded before."""


def server_of(session: Session) -> Server[Any]:
    """The server of a session; tools that run targets are there only with leave."""
    tools = {tool.name: tool for tool in TOOLS if session.may_run or not tool.runs}
    limiters = {lane: anyio.CapacityLimiter(1) for lane in Lane}

    async def list_tools(context: Any, params: Any) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[_described(tool) for tool in tools.values()])

    async def call_tool(context: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        tool = tools.get(params.name)
        if tool is None:
            return _refused(_unknown(params.name, tools))
        given, limiter = _given(params.arguments or {}), limiters[tool.lane]
        # A process ends when its thread hears of it; an analysis hears of nothing, and is left to itself.
        leave = tool.lane is Lane.ANALYSIS
        return await anyio.to_thread.run_sync(_called, session, tool, given, limiter=limiter, abandon_on_cancel=leave)

    async def list_resources(context: Any, params: Any) -> types.ListResourcesResult:
        listed = [
            types.Resource(
                uri=f"{_SCHEME}{name}", name=name, title=pages.title(pages.text(name)), mime_type="text/markdown"
            )
            for name in pages.names()
        ]
        return types.ListResourcesResult(resources=listed)

    async def read_resource(context: Any, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        try:
            text = pages.text(str(params.uri).removeprefix(_SCHEME))
        except PerfsheetError as error:
            raise MCPError(types.INVALID_PARAMS, str(error)) from None
        return types.ReadResourceResult(
            contents=[types.TextResourceContents(uri=params.uri, mime_type="text/markdown", text=text)]
        )

    async def list_prompts(context: Any, params: Any) -> types.ListPromptsResult:
        return types.ListPromptsResult(
            prompts=[
                types.Prompt(
                    name=one.name,
                    title=one.title,
                    description=one.about,
                    arguments=[
                        types.PromptArgument(name=each.name, description=each.about, required=each.required)
                        for each in one.arguments
                    ],
                )
                for one in PROMPTS
            ]
        )

    async def get_prompt(context: Any, params: types.GetPromptRequestParams) -> types.GetPromptResult:
        found = next((one for one in PROMPTS if one.name == params.name), None)
        if found is None:
            known = ", ".join(one.name for one in PROMPTS)
            raise MCPError(types.INVALID_PARAMS, f"there is no prompt {params.name!r}; known: {known}")
        given = params.arguments or {}
        if missing := [each.name for each in found.arguments if not given.get(each.name)]:
            raise MCPError(types.INVALID_PARAMS, f"prompt {found.name} needs {', '.join(missing)}")
        text = found.text
        for each in found.arguments:
            text = text.replace(f"{{{each.name}}}", clean(given[each.name], 500))
        message = types.PromptMessage(role="user", content=types.TextContent(type="text", text=text))
        return types.GetPromptResult(description=found.about, messages=[message])

    return Server(
        "perfsheet",
        version=__version__,
        title="perfsheet",
        instructions=_INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_resources=list_resources,
        on_read_resource=read_resource,
        on_list_prompts=list_prompts,
        on_get_prompt=get_prompt,
    )


def _described(tool: Tool) -> types.Tool:
    return types.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.about,
        input_schema=input_schema(tool.input),
        output_schema=tool.answer,
        annotations=types.ToolAnnotations(
            title=tool.title, read_only_hint=tool.read_only, destructive_hint=False, open_world_hint=tool.runs
        ),
    )


def _given(arguments: dict[str, Any]) -> dict[str, Any]:
    """What is given, not null; clients write whole numbers as 5.0, too."""
    return {
        key: int(value) if isinstance(value, float) and value.is_integer() else value
        for key, value in arguments.items()
        if value is not None
    }


def _called(session: Session, tool: Tool, arguments: dict[str, Any]) -> types.CallToolResult:
    """The answer of a tool, within its bounds; an error says what to do."""
    try:
        given = msgspec.convert(arguments, tool.input)
        view = tool.view(given)
        answer = viewed(tool.call(session, given), view)
    except msgspec.ValidationError as error:
        return _refused(f"{error}; {_fields_of(tool)}")
    except PerfsheetError as error:
        return _refused(_OPTIONS.sub(lambda found: _AS_INPUTS[found[0]], str(error)))
    except Exception as error:  # a bug ends in one line, too, and not the server
        return _refused(f"a bug in perfsheet: {type(error).__name__}: {error}")
    text = "".join(pieces(answer))
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=text)], structured_content=msgspec.json.decode(text)
    )


_AS_INPUTS = {
    "`id_range`": "`rows`",
    "`which_pass`": "`pass`",
    "--id-range": "`rows`",
    "--pass": "`pass`",
    "--batch": "`batch`",
    "--board": "`board`",
    "--graph": "`graph`",
    "--e2e": "`end_to_end_ms`",
    "--replay": "`replay`",
    "--timeout": "`timeout_s`",
    "--targets": "`targets`",
    "--python": "--python of `perfsheet mcp`",
}
"""Options that errors name, as the inputs of tools are called."""
_OPTIONS = re.compile("|".join(map(re.escape, _AS_INPUTS)))


def _refused(text: str) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(type="text", text=clean(text, 2000))], is_error=True)


def _unknown(name: str, tools: dict[str, Tool]) -> str:
    if any(tool.name == name for tool in TOOLS):
        return f"tool {name} runs a target, which this server may not; start it with `perfsheet mcp --allow-run`"
    return f"there is no tool {name!r}; known: {', '.join(tools)}"


def _fields_of(tool: Tool) -> str:
    return f"{tool.name} takes {', '.join(input_schema(tool.input)['properties'])}"


async def _serve(session: Session) -> None:
    server = server_of(session)
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())


def serve(session: Session) -> None:
    """Serve until the client closes standard input."""
    print(f"perfsheet {__version__} serves {', '.join(map(str, session.roots))}", file=sys.stderr)  # noqa: T201
    anyio.run(_serve, session)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # a thread that is left to itself would be waited for
