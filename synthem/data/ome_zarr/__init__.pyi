from .images import IMAGE as IMAGE
from .images import Image as Image
from .images import class_image as class_image
from .images import ids_image as ids_image
from .layout import Layout as Layout
from .layout import Level as Level
from .store import OmeZarr as OmeZarr
from .whole import write_arrays as write_arrays
