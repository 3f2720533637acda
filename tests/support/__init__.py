"""Helpers of the test suite: made captures, an oracle, workbook checks and a runner of the command line."""
