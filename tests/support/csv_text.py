"""The tables that commands write as CSV, from an analysis."""

from perfsheet.outputs import csv_output
from perfsheet.tables.findings import FINDINGS, findings
from perfsheet.tables.groups import GROUPS
from perfsheet.tables.groups import op_groups as groups
from perfsheet.tables.op_rows import top_ops as ops
from perfsheet.tables.ops import OPS


def top_ops(analysis, count, out):
    csv_output.write(out, OPS, ops(analysis, count))


def op_groups(analysis, count, out):
    csv_output.write(out, GROUPS, groups(analysis, count))


def hotspots(analysis, count, out):
    csv_output.write(out, FINDINGS, findings(analysis, count))
