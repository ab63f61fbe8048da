from .annotate import instances as instances
from .scene import GENERATORS as GENERATORS
from .scene import Scene as Scene
from .scene import build_scene as build_scene
