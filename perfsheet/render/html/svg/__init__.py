"""Charts as inline SVG, over the same points as those of the workbook."""
