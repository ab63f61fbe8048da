"""Takes what a person types; gives all of the above."""
