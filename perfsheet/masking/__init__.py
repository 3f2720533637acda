"""Masking credentials in everything that is recorded or shown of a command and its environment.

Three things give one away: its name, its form, and that nobody could have thought of it (docs/running.md).
"""

from perfsheet.masking.commands import masked_command, masked_option, masked_words
from perfsheet.masking.texts import MASK, masked_text
from perfsheet.masking.variables import recorded_environment

__all__ = ["MASK", "masked_command", "masked_option", "masked_text", "masked_words", "recorded_environment"]
