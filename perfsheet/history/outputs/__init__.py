"""A history in the terminal, as JSON, CSV, workbook and page."""
