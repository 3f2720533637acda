"""The outputs of what concerns many models."""
