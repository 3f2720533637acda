"""Facts about Tenstorrent hardware, each with its source."""
