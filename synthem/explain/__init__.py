"""What a trained network looks at: how far from a pixel, and how much context each class needs."""
