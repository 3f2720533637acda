"""The version, read by the build and by `perfsheet --version`."""

__version__ = "0.1.0"
