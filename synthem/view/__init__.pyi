from .beside import beside_sheet as beside_sheet
from .objects import objects_sheet as objects_sheet
from .sheet import preset_sheet as preset_sheet
from .sheet import save as save
from .sheet import stages_sheet as stages_sheet
from .volume import volume_sheet as volume_sheet
