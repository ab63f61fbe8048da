"""Takes crops and a network; gives a trained model: steps, losses, checkpoints, teachers."""
