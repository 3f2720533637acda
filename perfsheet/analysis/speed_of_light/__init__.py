"""Speed of light: the least time that an op could take on its chip, from its shapes alone."""

from perfsheet.analysis.speed_of_light.bounds import Bound, SpeedOfLight, speed_of_light

__all__ = ["Bound", "SpeedOfLight", "speed_of_light"]
