"""Renderers: they lay out what the analysis has decided, and compute nothing."""
