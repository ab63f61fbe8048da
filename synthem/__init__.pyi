import shapes

from .data.hdf5 import Dataset as Dataset
from .data.hdf5 import write_dataset as write_dataset
from .data.open import open_data as open_data
from .data.plan import plan_dataset as plan_dataset
from .data.real import read_folder as read_folder
from .experiment.run import conduct as conduct
from .fit.run import fit_preset as fit_preset
from .labels import CLASSES as CLASSES
from .learning.config import TrainConfig as TrainConfig
from .learning.crops.stream import Stream as Stream
from .learning.inference.label_images import predict as predict
from .learning.inference.score_model import evaluate as evaluate
from .learning.network.model_file import load_model as load_model
from .learning.training.single_model import train as train
from .measure.census import census as census
from .patch import Patch as Patch
from .preset.preset import Preset as Preset
from .preset.preset import load_preset as load_preset
from .preset.preset import preset_names as preset_names
from .preset.preset import with_classes as with_classes
from .scores.score import score_masks as score_masks
from .world import World as World
from .world import replay as replay

__version__: str
Grid = shapes.Grid
InputError = shapes.InputError
UnknownNameError = shapes.UnknownNameError
