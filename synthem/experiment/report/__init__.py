"""Takes the runs of an experiment; gives its gains as one HTML file, as Markdown, JSON and pictures."""
