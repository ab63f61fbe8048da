"""Choosing what to train on: weights for patches, places for crops."""
