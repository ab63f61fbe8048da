"""Room for vesicles: the batch says what probing one place after the other says."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from shapes import Grid
from shapes.core.warp import warp_window
from shapes.partition.ball_room import clear_of_glia, have_room, host_field, nearest_first
from shapes.partition.point import near, probe
from synthem.preset.preset import load_preset
from synthem.scene.scene import grow_around

CLEAR = 40.0


@given(st.integers(0, 10**6), st.integers(-(10**5), 10**5))
@settings(max_examples=15, deadline=None)
def test_a_batch_says_what_a_probe_says(seed, offset):
    """Of places around a bouton those are left that lie in it, clear of its membrane."""
    tissue = load_preset("epfl").anatomy
    glia = tissue.membranes.glia_nm
    window = warp_window(seed, tissue.warp, Grid((1, 80, 80), (5.0, 5.0, 5.0), (0, 5 * offset, 0)))
    cells = grow_around(seed, tissue, window)
    low, high = window.box_nm
    middle = (low + high) / 2
    segments, owners = cells.segments, cells.owners
    everything, chosen = np.arange(len(segments)), np.empty(len(segments), np.int64)
    count = near(segments, everything, *middle, 0.0, CLEAR, glia, chosen)
    fields = np.empty(len(segments))
    host, *_ = probe(segments, owners, chosen, count, *middle, CLEAR, glia, len(cells.ids), fields)
    if host == len(cells.ids):
        return
    off = np.random.default_rng(seed).normal(0, 120, (3, 200)).astype(np.float32)
    true = np.empty(200)
    for i, at in enumerate(middle + off.T.astype(np.float64)):
        count = near(segments, everything, *at, 0.0, CLEAR + 1, glia, chosen)
        own, _, depth, _ = probe(
            segments, owners, chosen, count, *at, CLEAR + 1, glia, len(cells.ids), fields
        )
        true[i] = depth if own == host else -1.0
    count = near(segments, everything, *middle, 600.0, CLEAR, glia, chosen)
    tubes = nearest_first(segments, chosen[:count], *middle)
    places, host_at, scratch = off.copy(), np.empty((6, 200), np.float32), np.empty((3, 200), np.float32)
    host_field(segments, owners, tubes, host, middle, 200, places, glia, scratch, host_at)
    kept = np.array([i for i in range(200) if clear_of_glia(host_at, i, CLEAR, glia)], np.int64)
    n = len(kept)
    places, host_at = np.ascontiguousarray(places[:, kept]), np.ascontiguousarray(host_at[:, kept])
    left = have_room(
        segments, owners, tubes, host, middle, n, places, np.full(n, CLEAR, np.float32), host_at, kept,
        scratch,
    )  # fmt: skip
    fits = np.isin(np.arange(200), kept[:left])
    sure = np.abs(true - CLEAR) > 0.01
    assert (true[sure & fits] >= CLEAR).all()
    # nor does it ask for more room than there must be, to within what two orders of adding round off
    roomy = sure & (true >= CLEAR)
    assert fits[roomy].sum() >= 0.9 * roomy.sum() - 1
    np.testing.assert_array_equal(places[:, :left], off[:, kept[:left]])
