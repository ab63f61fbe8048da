"""Training and inference: the only room that imports torch, and only in its modules."""
