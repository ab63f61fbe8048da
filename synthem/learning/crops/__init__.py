"""Takes patches; gives the crops that a step learns from: drawn, weighed, mixed, held out, augmented."""
