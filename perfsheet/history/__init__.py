"""A history: thousands of captures as Parquet files, and what they say over time (docs/history.md).

contents = open_store("perf-history")
series = choose(contents.runs, Chosen(model="bert"))
trend(series[0], BY_NAME["kernel"]).changes
"""
