from .mitochondria import Mitochondria as Mitochondria
