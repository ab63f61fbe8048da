"""What validates is unlike neighbours of what trains, and like the rest in what it holds."""

import numpy as np
import pytest

from shapes import Grid
from shapes.core.errors import InputError
from synthem.data.hdf5 import write_dataset
from synthem.data.open import open_data
from synthem.data.plan import plan_dataset
from synthem.data.png_folder import write_png
from synthem.labels import channel
from synthem.learning.crops.hold_out import hold_out
from synthem.patch import Patch
from synthem.world import World


def sections(*origins) -> list[Patch]:
    image, labels = np.arange(48 * 64, dtype=np.uint32).astype(np.uint8), np.zeros((6, 1, 48, 64), bool)
    return [
        Patch(image.reshape(1, 48, 64), labels, Grid((1, 48, 64), (5.0, 5.0, 5.0), at), name=f"s{k}")
        for k, at in enumerate(origins)
    ]


def names(patches) -> list[str]:
    return [patch.name for patch in patches]


def test_sections_of_one_volume_give_up_a_block_at_the_far_end():
    for stack in (sections(*[(0.0, 0.0, 0.0)] * 8), sections(*[(5.0 * k, 10.0, 20.0) for k in range(8)])):
        kept, held = hold_out(stack, 0.25, (1, 32, 32))
        assert names(kept) == ["s0", "s1", "s2", "s3", "s4", "s5"] and names(held) == ["s6", "s7"]
    assert names(hold_out(stack[:2], 0.01, (1, 32, 32))[1]) == ["s1"]
    assert names(hold_out(stack[:2], 0.99, (1, 32, 32))[0]) == ["s0"]


def test_a_single_section_is_cut():
    whole = sections((0.0, 5.0, 5.0))
    kept, held = hold_out(whole, 0.2, (1, 32, 32))
    assert np.array_equal(np.concatenate([kept[0].image, held[0].image], axis=2), whole[0].image)
    assert held[0].image.shape[2] == 32 and held[0].grid.origin_nm == (0.0, 5.0, 5.0 + 32 * 5)
    with pytest.raises(InputError, match="too small"):
        hold_out(whole, 0.2, (1, 48, 48))
    with pytest.raises(InputError, match="no patch"):
        hold_out([], 0.2, (1, 48, 48))


def test_scattered_places_are_drawn_whatever_their_order():
    scattered = sections(*[(0.0, 1000.0 * k, 0.0) for k in range(200)])
    kept, held = hold_out(scattered, 0.2, (1, 32, 32))
    assert len(held) == 40 and sorted(names(kept) + names(held)) == sorted(names(scattered))
    assert names(kept) == [n for n in names(scattered) if n not in names(held)]
    at = [int(n[1:]) for n in names(held)]
    assert [sum(k // 50 == part for k in at) for part in range(4)] == pytest.approx([10] * 4, abs=7)
    assert set(names(hold_out(scattered[::-1], 0.2, (1, 32, 32))[1])) == set(names(held))
    assert (
        len(hold_out(scattered[:2], 0.01, (1, 32, 32))[1])
        == len(hold_out(scattered[:2], 0.99, (1, 32, 32))[0])
        == 1
    )


def test_sections_over_one_another_stay_on_one_side():
    stacks = sections(*[(5.0 * z, 1000.0 * k, 0.0) for k in range(20) for z in range(5)])
    kept, held = ({patch.grid.origin_nm[1] for patch in side} for side in hold_out(stacks, 0.2, (1, 32, 32)))
    assert len(held) == 4 and not kept & held


@pytest.fixture(scope="module")
def plan():
    return plan_dataset(World("epfl", 0), 100, (1, 64, 64), balance={"psd": 0.02})


def test_a_generated_data_set_with_a_budget_is_alike_on_both_sides(plan, tmp_path):
    data = list(open_data(write_dataset(plan, tmp_path / "set")))
    psd = [patch.labels[channel("psd")].mean() for patch in data]
    assert np.mean(psd[-20:]) > 3 * np.mean(psd[:-20])  # in the plan's own order, the end is rich
    kept, held = hold_out(data, 0.2, (1, 64, 64))
    shares = [np.mean([p.labels[channel("psd")].mean() for p in side]) for side in (kept, held)]
    assert len(held) == 20 and shares[1] == pytest.approx(shares[0], rel=0.25)


def test_the_same_is_held_out_of_pngs(plan, tmp_path):
    few = replace_count(plan, 12)
    from_png = hold_out(list(open_data(write_png(few, tmp_path / "png"))), 0.25, (1, 64, 64))
    from_hdf5 = hold_out(list(open_data(write_dataset(few, tmp_path / "hdf5"))), 0.25, (1, 64, 64))
    assert names(from_png[1]) == names(from_hdf5[1]) and len(from_png[1]) == 3


def replace_count(plan, count):
    request = plan.request.model_copy(update={"count": count})
    return plan.model_copy(update={"request": request, "origins_nm": plan.origins_nm[-count:]})
