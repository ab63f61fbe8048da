"""Takes a model and images; gives masks, in windows that fit memory, and what they score."""
