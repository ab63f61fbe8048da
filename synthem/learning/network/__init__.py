"""Takes a configuration; gives a network, and the file in which a trained one is kept."""
