"""The microscope: named stages from stained tissue to a stored image, each of which can be run alone."""
