"""Stand-in for tt-metal's profiler front end."""
