"""Defects, one concept a file: what moves tissue, what covers it before the beam, what spoils the record."""
