"""Scores: counts are pooled over a test set, then divided."""
