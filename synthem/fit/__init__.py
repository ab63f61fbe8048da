"""Fit a preset to somebody's images: greys, texture, optics, noise and coarse anatomy."""
