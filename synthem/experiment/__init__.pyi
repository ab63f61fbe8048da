from .config import ExperimentConfig as ExperimentConfig
from .config import load_experiment as load_experiment
from .demo import run_demo as run_demo
from .run import conduct as conduct
