"""The sheets of a comparison's workbook, one module each."""
