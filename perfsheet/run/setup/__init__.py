"""What a run needs before it starts: command, interpreter, profiler, environment, command line, port."""
