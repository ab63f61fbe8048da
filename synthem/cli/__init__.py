"""Takes a command line; runs what it asks for, and says what is wrong in one sentence."""
