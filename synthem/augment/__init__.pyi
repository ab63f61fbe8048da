from .config import KINDS as KINDS
from .config import MicroscopeAugment as MicroscopeAugment
from .draw import Recipe as Recipe
from .draw import draw_recipe as draw_recipe
from .own import Own as Own
from .see import Seen as Seen
from .see import see_anew as see_anew
from .write import augment_sections as augment_sections
