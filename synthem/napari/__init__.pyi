from .layers import layers as layers
from .made import render as render
from .made import sample as sample
from .reader import get_reader as get_reader
