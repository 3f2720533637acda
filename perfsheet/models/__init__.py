"""Many models: suites, perf files, results tables, op statistics, torch graphs and benches."""
