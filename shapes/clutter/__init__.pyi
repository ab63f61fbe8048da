from .endosomes import Endosomes as Endosomes
from .glycogen import Glycogen as Glycogen
from .microtubules import Microtubules as Microtubules
from .reticulum import Reticulum as Reticulum
