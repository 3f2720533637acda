"""`perfsheet mcp`: captures for coding agents, over the Model Context Protocol (docs/agents/README.md).

`tools/` has one file for each tool: its input, its answer, what it does. `session` says what may be read and keeps
analyses, `schemas` makes the schemas of answers from the declared tables, `server` speaks the protocol.
"""
