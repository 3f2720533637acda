"""What may take the place of the chains that rules find: by rule, the fused ops in their Python."""

from collections.abc import Mapping

from perfsheet.trials.cures import activation, attention, heads, linear, pair, rotary, softmax
from perfsheet.trials.cures.base import Cure

CURES: Mapping[str, Cure] = {
    "unfused-attention": attention.proposals,
    "unfused-heads": heads.proposals,
    "unfused-softmax": softmax.proposals,
    "unfused-linear": linear.proposals,
    "unfused-activation": activation.proposals,
    "unfused-rotary-embedding": rotary.proposals,
    "fusable-pair": pair.proposals,
}

__all__ = ["CURES", "Cure"]
