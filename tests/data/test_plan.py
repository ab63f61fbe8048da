"""Plans of datasets: windows that do not overlap, class budgets met or explained, patches made alone."""

import itertools
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shapes.core.errors import InputError, UnknownNameError
from synthem.cli.options import parse_balance, parse_shape, parse_voxel_nm
from synthem.data.choice import AIM, _improve
from synthem.data.plan import Plan, make_patch, make_request, plan_dataset
from synthem.data.windows import SECTION_GAP_NM, WINDOWS_AN_OBJECT, WindowMaker
from synthem.labels import channel
from synthem.scene.find import Found
from synthem.world import World

SHAPE = (1, 96, 96)


@pytest.fixture(scope="module")
def world() -> World:
    return World("epfl", seed=3)


def overlap(plan: Plan) -> bool:
    """Tell whether two windows share ground; single sections near each other count as overlapping."""
    depth = max(plan.grid(0).size_nm[0], SECTION_GAP_NM)
    extent = np.array([depth, *plan.grid(0).size_nm[1:]])
    pairs = itertools.combinations(np.array(plan.origins_nm), 2)
    return any((np.abs(a - b) < extent - 1e-6).all() for a, b in pairs)


def test_a_plan_depends_on_its_request_alone(world: World) -> None:
    plan = plan_dataset(world, 30, SHAPE)
    assert plan == plan_dataset(World("epfl", seed=3), 30, SHAPE)
    assert plan.origins_nm != plan_dataset(World("epfl", seed=4), 30, SHAPE).origins_nm
    assert len(set(plan.origins_nm)) == 30
    assert Plan.model_validate_json(plan.model_dump_json()) == plan
    assert plan.request.voxel_nm == world.preset.voxel_nm


@pytest.mark.parametrize("shape", [(1, 256, 256), (8, 32, 32)])
def test_windows_share_no_ground_and_lie_far_apart(world: World, shape: tuple[int, int, int]) -> None:
    plan = plan_dataset(world, 400, shape)
    assert not overlap(plan)
    assert (np.ptp(np.array(plan.origins_nm), axis=0) > 20 * np.array(plan.grid(0).size_nm)).all()


def test_any_patch_can_be_made_alone(world: World) -> None:
    plan = plan_dataset(world, 6, SHAPE)
    patch = make_patch(plan, 4)
    assert patch == world.patch(plan.grid(4))
    assert patch.name == "epfl-3-000004"
    part = plan.part(3, 2)
    assert len(part.origins_nm) == 2
    assert make_patch(part, 1) == patch and make_patch(part, 1).name == patch.name


def test_a_class_budget_is_met_by_choosing_windows(world: World) -> None:
    """PSDs at several times, sheaths at many times their natural share, counted on the patches themselves."""
    wanted = {"psd": 0.02, "sheath": 0.04}
    seen: list[tuple[int, int]] = []
    plan = plan_dataset(world, 12, SHAPE, balance=wanted, tick=lambda done, most: seen.append((done, most)))
    labels = np.stack([make_patch(plan, i).labels for i in range(12)])
    for name, share in wanted.items():
        assert labels[:, channel(name)].mean() == pytest.approx(share, rel=0.1)
        assert plan.reached[name] == pytest.approx(labels[:, channel(name)].mean())
    assert plan.shortfalls == ()
    assert not overlap(plan)
    assert seen[-1][0] <= seen[-1][1] == 12 * 12 + 40


def test_no_object_is_in_many_windows_and_how_many_there_are_is_told(world: World) -> None:
    """Sheaths at hundreds of times their natural share: the same few axons would do for all windows."""
    wanted = {"sheath": 0.05, "mito_boundary": 0.04, "membrane": 0.2}
    plan = plan_dataset(world, 14, SHAPE, balance=wanted)
    shown = [make_patch(plan, i).instances for i in range(14)]
    for name, kind in (("sheath", "sheath"), ("mito_boundary", "mitochondrion")):
        windows = Counter(int(i) for ids in shown for i in np.unique(ids[kind]) if i)
        assert max(windows.values()) <= WINDOWS_AN_OBJECT
        assert plan.objects[name] == len(windows) >= 3
    assert "membrane" not in plan.objects


def test_a_budget_that_needs_more_of_one_object_is_explained(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("synthem.data.windows.MOST_BLOCKS", 5)
    monkeypatch.setattr("synthem.data.windows.WINDOWS_AN_OBJECT", 0)
    plan = plan_dataset(world, 3, SHAPE, balance={"vesicle": 0.5})
    assert len(plan.shortfalls) == 1 and "no further vesicle was found" in plan.shortfalls[0]


def test_profiles_around_objects_have_the_sizes_of_scattered_ones() -> None:
    """Spheres of 1, 2 and 4 units' extent, equally many: a section meets them as 1 to 2 to 4."""
    windows = WindowMaker(World("epfl", 3), SHAPE, (5.0, 5.0, 5.0), rng=np.random.default_rng(0))
    rng = np.random.default_rng(1)

    def block(*_: Any) -> list[Found]:
        out = []
        for _ in range(60):
            z, y, x = (float(v) for v in rng.uniform(-6e4, 6e4, 3))
            h = 50.0 * 2 ** int(rng.integers(3))
            out.append(Found((z, y, x), (z - h, y, x - h), (z + h, y, x + h), int(rng.integers(2**31))))
        return out

    with pytest.MonkeyPatch.context() as patching:
        patching.setattr("synthem.data.windows.find_in_block", block)
        found = list(itertools.islice(windows._objects("mitochondrion"), 4000))
    counts = Counter(round(one.extent_nm) for one in found)
    assert counts[400] / 4000 == pytest.approx(4 / 7, abs=0.03)
    assert counts[100] / 4000 == pytest.approx(1 / 7, abs=0.03)
    tall = [one for one in found if one.extent_nm == pytest.approx(400)][:600]
    starts = np.array([windows._across(one) for one in tall])
    heights = [(5 * s[0] - one.place[0]) / 200 for s, one in zip(starts, tall, strict=True)]
    assert np.percentile(heights, [5, 25, 75, 95]) == pytest.approx([-0.9, -0.5, 0.5, 0.9], abs=0.1)
    # the profile lies anywhere in the window, and leans with the object
    offs = [one.at(5 * s[0] + 2.5)[2] / 5 - s[2] for s, one in zip(starts.tolist(), tall, strict=True)]
    assert (
        min(offs) > -2 and max(offs) < SHAPE[2] + 2 and np.std(offs) == pytest.approx(96 / 12**0.5, rel=0.1)
    )


def test_a_volume_meets_an_object_anywhere_along_its_depth() -> None:
    windows = WindowMaker(World("epfl", 3), (40, 32, 32), (5.0, 5.0, 5.0), rng=np.random.default_rng(0))
    ball = Found((1e4, 0.0, 0.0), (9_950.0, 0.0, 0.0), (10_050.0, 0.0, 0.0), 1)
    first = np.array([5 * windows._across(ball)[0] for _ in range(2000)])
    assert first.min() == pytest.approx(9_950 - 195, abs=10) and first.max() == pytest.approx(10_050, abs=10)
    assert np.median(first) == pytest.approx(10_000 - 97, abs=10)


def test_a_budget_that_cannot_be_met_is_explained(world: World) -> None:
    plan = plan_dataset(world, 2, SHAPE, balance={"membrane": 0.95})
    assert len(plan.shortfalls) == 1
    assert "membrane: reached" in plan.shortfalls[0]
    assert "even the richest of 64 windows of 96 × 96 holds only" in plan.shortfalls[0]


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 9999), count=st.integers(1, 30), more=st.integers(0, 100), columns=st.integers(1, 3)
)
def test_exchanging_windows_never_makes_it_worse(seed: int, count: int, more: int, columns: int) -> None:
    rng = np.random.default_rng(seed)
    relative = rng.exponential(1.0, (count + more, columns)) * (rng.random((count + more, columns)) < 0.5)
    chosen = _improve(relative, np.arange(count))
    assert len(set(chosen.tolist())) == count
    before = np.square(relative[:count].mean(0) - 1).sum()
    assert np.square(relative[chosen].mean(0) - 1).sum() <= before + 1e-12


def test_exchanging_windows_finds_a_target_among_many() -> None:
    relative = np.random.default_rng(0).exponential(0.6, (2000, 2))
    chosen = _improve(relative, np.arange(100))
    assert (np.abs(relative[chosen].mean(0) - 1) <= AIM).all()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"count": 0}, "1 to 1000000 patches, not 0"),
        ({"count": -4}, "not -4"),
        ({"count": 10**9}, "not 1000000000"),
        ({"seed": -1}, "seed"),
        ({"shape": (0, 4, 4)}, "at least 1"),
        ({"voxel_nm": (5.0, -5.0, 5.0)}, "positive lengths"),
        ({"balance": {"psd": 1.5}}, "share of psd must lie between 0 and 1"),
        ({"balance": {"psd": 0.6, "membrane": 0.6}}, "more than the whole image"),
        ({"balance": {"psds": 0.1}}, "did you mean 'psd'"),
        ({"preset": "epfk"}, "did you mean 'epfl'"),
    ],
)
def test_requests_that_cannot_be(wrong: dict[str, object], says: str) -> None:
    request = {"preset": "epfl", "seed": 0, "count": 4} | wrong
    with pytest.raises(InputError, match=says):
        make_request(**request)  # type: ignore[arg-type]


def test_what_people_write_after_options() -> None:
    assert parse_shape("256,128") == (1, 256, 128)
    assert parse_shape("64, 256,256") == (64, 256, 256)
    assert parse_voxel_nm("50,4,4.5") == (50.0, 4.0, 4.5)
    assert parse_balance("psd=0.02, sheath=5e-2") == {"psd": 0.02, "sheath": 0.05}
    assert parse_balance("") == {}
    for text in ("256", "0,4", "1,2,3,4", "a,b", "-1,5", "1.5,4"):
        with pytest.raises(InputError, match="shape: write"):
            parse_shape(text)
    for text in ("5", "5,5,0", "5,5,nan", "a,b,c", "inf,1,1"):
        with pytest.raises(InputError, match="voxel size: write"):
            parse_voxel_nm(text)
    for text in ("psd", "psd=much", "psd=0.1,psd=0.2"):
        with pytest.raises(InputError, match="balance"):
            parse_balance(text)
    with pytest.raises(UnknownNameError, match="'sheath'"):
        parse_balance("sheaths=0.1")


def test_a_target_that_was_overshot_is_said_to_be_over(world: World) -> None:
    plan = plan_dataset(world, 2, SHAPE, balance={"membrane": 0.02})
    assert plan.reached["membrane"] > 0.022
    assert [sentence.partition(":")[0] for sentence in plan.missed()] == ["over membrane"]
    short = plan_dataset(world, 2, SHAPE, balance={"membrane": 0.95})
    assert [sentence.partition(":")[0] for sentence in short.missed()] == ["short of membrane"]
