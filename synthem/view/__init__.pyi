from .beside import beside_sheet as beside_sheet
from .sheet import preset_sheet as preset_sheet
from .sheet import save as save
from .sheet import stages_sheet as stages_sheet
from .volume import volume_sheet as volume_sheet
