from .folder import RealFolder as RealFolder
from .layouts import LAYOUTS as LAYOUTS
from .layouts import read_folder as read_folder
from .reading import Reading as Reading
