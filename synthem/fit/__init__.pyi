from .run import FittedPreset as FittedPreset
from .run import fit_preset as fit_preset
