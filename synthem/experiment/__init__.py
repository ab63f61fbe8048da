"""Experiments: one network trained on real, synthetic and mixed data, scored on the same real sections."""
