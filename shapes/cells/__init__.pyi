from .nucleus import Nuclei as Nuclei
from .sheaths import Sheaths as Sheaths
