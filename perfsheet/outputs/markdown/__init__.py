"""Markdown for pull requests: the report of a capture, and comparisons."""
