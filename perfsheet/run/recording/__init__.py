"""The record of a run, without secrets, and finding it again."""
