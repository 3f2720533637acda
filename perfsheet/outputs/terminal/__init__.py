"""Tables for the terminal, through rich."""
