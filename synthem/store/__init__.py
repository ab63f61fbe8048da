"""Patches on disk: datasets of ours, and real EM with masks."""
