from .depths import Depths as Depths
from .generator import Generator as Generator
from .generator import Layer as Layer
from .generator import Tissue as Tissue
from .partition import Partition as Partition
from .point import Membranes as Membranes
