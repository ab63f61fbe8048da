from .pipeline import halo_vx as halo_vx
from .pipeline import stages as stages
from .pipeline import to_uint8 as to_uint8
from .view import View as View
from .view import look as look
