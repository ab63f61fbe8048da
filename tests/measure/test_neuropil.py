"""Neurons of `epfl` that one can trace, and figures of their wiring beside those of the literature."""

import pytest

from synthem.measure.neuropil import Neuropil, neuropil
from synthem.world import World


@pytest.fixture(scope="module")
def found() -> Neuropil:
    return neuropil(World("epfl", 1), (4.0, 8.0, 8.0), (0.0, 0.0, 0.0))


def test_an_axis_lies_in_its_own_cell(found):
    """So that it can be traced; few of its nodes are covered by others."""
    assert found.own > 0.94


def test_neurites_run_through_the_whole_volume(found):
    assert found.longest_um > 10


def test_there_is_as_much_axon_as_in_neuropil(found):
    """4 µm to a µm³ in mouse cortex (Braitenberg & Schüz 1998); more in the hippocampus, of thinner axons."""
    assert 4 < found.axon_um < 13
    assert 0.2 < found.dendrite_um < 1.5


def test_branches_are_rare(found):
    assert 0.1 < found.branches < 2


def test_boutons_and_synapses_are_as_far_apart_as_in_life(found):
    """A bouton every 3 to 5 µm (Braitenberg & Schüz 1998; Shepherd & Harris 1998), some without a synapse."""
    assert 2.5 < found.boutons_um < 5.5
    assert found.boutons_um < found.synapses_um < 12


def test_synapses_are_as_dense_as_in_life(found):
    """About 1 to a µm³ in cortex (Merchán-Pérez et al. 2014), 2 or more in CA1 (Santuy et al. 2020)."""
    assert 0.8 < found.synapses < 3


def test_dendrites_are_spiny(found):
    """1 to 4 on a µm of CA1's thinner dendrites (Harris & Stevens 1989); ours are thicker, and bear more."""
    assert 1 < found.spines < 8
