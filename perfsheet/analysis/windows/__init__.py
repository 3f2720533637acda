"""Windows: the part of a capture that is analysed, and the passes, layers and signpost regions in it."""
