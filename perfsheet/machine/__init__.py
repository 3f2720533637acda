"""Facts about this machine that need no open device: device nodes, processes, checkouts; opening a file."""
