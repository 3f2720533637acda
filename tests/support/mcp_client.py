"""A server of captures, asked by the client of the protocol's SDK, which holds answers against their schemas."""

from __future__ import annotations

import asyncio
import json
import os
import sys

import pytest

from support.command import ROOT

mcp = pytest.importorskip("mcp", reason="the extra `mcp` is not installed")

EXAMPLES = ROOT / "examples" / "captures"
MOST_BYTES = 32_768


class Served:
    """A server with some arguments, started in a folder, and asked by the client."""

    def __init__(self, *arguments, folder=EXAMPLES, **environment):
        self._arguments, self._folder = [str(argument) for argument in arguments], folder
        self._environment = {"PYTHONPATH": str(ROOT), **environment}

    def run(self, ask):
        async def main():
            server = mcp.StdioServerParameters(
                command=sys.executable,
                args=["-m", "perfsheet", "mcp", *self._arguments],
                cwd=self._folder,
                env={**os.environ, **self._environment},
            )
            async with mcp.Client(server) as client:
                return await ask(client)

        return asyncio.run(main())

    def __call__(self, *calls):
        """The results of calls, each a tool with its arguments."""

        async def ask(client):
            return [await client.call_tool(name, given) for name, given in calls]

        return self.run(ask)

    def answers(self, *calls):
        """The answers to calls, each within its bound."""
        found = []
        for (name, _), result in zip(calls, self(*calls), strict=True):
            text = result.content[0].text
            assert not result.is_error, (name, text)
            assert len(text.encode()) <= MOST_BYTES
            assert json.loads(text) == result.structured_content
            found.append(result.structured_content)
        return found

    def answer(self, name, **given):
        return self.answers((name, given))[0]

    def refusals(self, *calls):
        """Why calls are refused."""
        results = self(*calls)
        assert all(result.is_error for result in results)
        return [result.content[0].text for result in results]
