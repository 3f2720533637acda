"""The tables of perfsheet, each declared once: columns with key, title, unit, value, meaning, and where they are shown.

Every output reads these declarations: the terminal, the workbook and its About sheet, the page, Markdown, CSV, JSON,
data frames and docs/columns.md. A column is addressed by its key, never by its position.

    OPS["kernel_duration_ns"].title             # "Kernel"
    OPS.columns_in(In.TERMINAL, rows)           # the columns that the terminal shows of these rows
    OPS.records(rows)                           # the rows as JSON objects
"""

from perfsheet.tables.column import Column, In, Mark, Rows, Table, each

__all__ = ["Column", "In", "Mark", "Rows", "Table", "each"]
