"""The device ops of a window: their figures, tensors, attributes and distinct configurations."""
