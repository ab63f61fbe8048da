"""Defects, one concept a file: what moves the tissue before the beam, and what covers its image after it."""
