from .neurites import Neurites as Neurites
from .population import Population as Population
