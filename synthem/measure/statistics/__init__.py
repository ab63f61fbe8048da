"""Statistics of a grey section, named numbers a window, by which real and synthetic sections are compared."""

from synthem.measure.statistics.describe import NAMES, STATISTICS, describe, groups_of

__all__ = ["NAMES", "STATISTICS", "describe", "groups_of"]
