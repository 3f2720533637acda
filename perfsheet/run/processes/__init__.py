"""Child processes and all that they start, from their beginning to their end."""
