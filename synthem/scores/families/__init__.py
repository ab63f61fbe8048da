"""Takes cases one after the other; gives a family of scores of all of them together."""
