"""Writes the example captures: ops CSVs of the encoder as the profiler would write them, with modelled durations."""
