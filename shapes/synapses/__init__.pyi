from .psd import Synapses as Synapses
from .tbars import TBars as TBars
from .vesicles import Vesicles as Vesicles
