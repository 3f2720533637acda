"""The Excel perf sheet, written with XlsxWriter (docs/decisions.md says why)."""
