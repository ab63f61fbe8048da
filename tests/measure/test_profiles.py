"""Profiles, boutons and synapses against figures that are known by construction, and sets side by side."""

from dataclasses import replace
from io import StringIO
from pathlib import Path

import cv2
import numpy as np
import pytest
from rich.console import Console

from shapes import Grid
from shapes.core.errors import InputError
from synthem.cli.main import main
from synthem.data.files import FOLDERS
from synthem.data.open import common_window, labelled_in
from synthem.data.real.layouts import read_folder
from synthem.data.splits import read_split
from synthem.labels import CLASSES, channel
from synthem.measure.census import census
from synthem.measure.census_diff import NEURITES, ComparedFigure, Comparison, compare
from synthem.measure.components import Quantiles
from synthem.measure.profiles import VESICLE_NM2, Profiles, count_neighbours, find_profiles, solidity
from synthem.patch import Patch

Masks = dict[str, np.ndarray]


def patch(masks: Masks, known: tuple[str, ...] = CLASSES, voxel_nm: tuple[float, ...] = (5, 5, 5)) -> Patch:
    """A patch with the given masks (y, x) or (z, y, x), grey 40–44 on them and 150–154 beside them."""
    deep = {name: mask if mask.ndim == 3 else mask[None] for name, mask in masks.items()}
    labels = np.zeros((len(CLASSES), *next(iter(deep.values())).shape), bool)
    for name, mask in deep.items():
        labels[channel(name)] = mask
    image = (np.where(labels.any(0), 40, 150) + np.arange(labels.shape[-1]) % 5).astype(np.uint8)
    grid = Grid(image.shape, voxel_nm)
    return Patch(image, labels, grid, tuple(name in known for name in CLASSES))


def board(cells: int, cell: int, wall: int) -> np.ndarray:
    """Walls (y, x) between square cells; half of the outermost wall lies beyond the edge."""
    along = np.arange(cells * (cell + wall)) % (cell + wall)
    line = (along < wall // 2) | (along >= wall // 2 + cell)
    return line[:, None] | line


def honeycomb(size: int, radius: float, wall: float) -> np.ndarray:
    """Walls (y, x) between hexagons whose centres lie 2 × ``radius`` apart."""
    yy, xx = np.mgrid[:size, :size].astype(float)
    rows = np.arange(-2, size / (radius * np.sqrt(3)) + 2)
    columns = np.arange(-2, size / (2 * radius) + 2)
    centres = [(r * radius * np.sqrt(3), (2 * c + r % 2) * radius) for r in rows for c in columns]
    distance = np.sort([np.hypot(yy - y, xx - x) for y, x in centres], axis=0)
    return distance[1] - distance[0] < wall


def profiles_of(masks: Masks, **options: object) -> Profiles:
    return census([patch(masks, **options)]).profiles  # type: ignore[arg-type]


def even(spread: Quantiles | None, value: float) -> bool:
    """Whether median and percentiles are all this value."""
    return spread is not None and np.allclose([spread.p10, spread.median, spread.p90], value)


@pytest.mark.parametrize("wall", [6, 7, 8, 9])
def test_a_chessboard(wall: int) -> None:
    cells = profiles_of({"membrane": board(8, 40, wall)})
    assert cells.profiles == 64
    assert even(cells.size_vx, 1600) and even(cells.size_nm, 40_000)
    assert even(cells.solidity, 1) and even(cells.aspect, 1)
    assert even(cells.neighbours, 4)
    assert cells.cut == 0
    assert cells.density is not None
    # each window that holds a cell whole is as likely as the next
    assert cells.density == pytest.approx(64 / (8 * (40 + wall) * 0.005) ** 2, rel=0.4)


def test_a_honeycomb_has_six_neighbours() -> None:
    cells = profiles_of({"membrane": honeycomb(400, 30, 12)})
    assert even(cells.neighbours, 6)
    assert cells.solidity is not None and cells.solidity.p10 > 0.97


@pytest.mark.parametrize(("wall", "number"), [(16, 4), (18, 0)])
def test_neighbours_lie_no_farther_than_80_nm_apart(wall: int, number: int) -> None:
    assert even(profiles_of({"membrane": board(6, 50, wall)}).neighbours, number)


def test_who_touches_whom() -> None:
    """A long profile above two short ones: it has two neighbours, and so has each of them."""
    ids = np.zeros((60, 106), np.int32)
    ids[4:26, 4:102], ids[34:56, 4:49], ids[34:56, 57:102] = 1, 2, 3
    assert count_neighbours(ids, 3, 5.0).tolist() == [2, 2, 2]
    ids[ids == 3] = 0
    assert count_neighbours(np.minimum(ids, 2), 2, 5.0).tolist() == [1, 1]


def test_solidity_of_an_l() -> None:
    """Two arms of 40 × 10: the hull is the square less the triangle that the notch leaves open."""
    ids = np.zeros((60, 60), np.int32)
    ids[5:45, 5:15] = ids[35:45, 5:45] = 7
    low, high = np.array([[5, 5]]), np.array([[44, 44]])
    corners = np.array([(5, 5), (5, 14), (35, 44), (44, 44), (44, 5)], np.int32)
    hull = cv2.fillConvexPoly(np.zeros((60, 60), np.uint8), corners[:, ::-1], 1).sum()
    assert hull == pytest.approx(1600 - 31 * 30 / 2, abs=20)
    assert solidity(ids, np.array([7]), low, high)[0] == pytest.approx(700 / hull, rel=0.01)


def test_a_line_is_solid_and_a_speck_is_no_profile() -> None:
    ids = np.zeros((9, 60), np.int32)
    ids[4, 2:58] = 1
    assert solidity(ids, np.array([1]), np.array([[4, 2]]), np.array([[4, 57]])).tolist() == [1]
    walls = np.ones((1, 60, 60), bool)
    walls[0, 5:12, 5:12] = walls[0, 20:40, 20:40] = walls[0, 50:58, 50:58] = False
    found, count = find_profiles(walls, 25.0)
    assert count == 2 and np.bincount(found.ravel())[1:].tolist() == [400, 64]


def test_organelles_belong_to_their_profile_and_walls_are_all_that_parts_cells() -> None:
    walls = board(4, 40, 8)
    inside = np.zeros_like(walls)
    inside[15:30, 15:30] = True
    assert even(profiles_of({"membrane": walls, "mitochondrion": inside}).size_vx, 1600)
    gap = walls.copy()
    gap[44:52, 20:30] = False
    one = {"membrane": gap}
    assert profiles_of(one).profiles == 15
    for name in ("psd", "sheath"):
        assert profiles_of({**one, name: walls & ~gap}).profiles == 16


def test_edges_do_not_bias_profiles() -> None:
    """Four wide cells to a narrow and high one, in windows everywhere, few of which hold a wide one whole."""
    along, down = np.arange(600) % 348, np.arange(300)[:, None] % 96
    narrow = (along >= 8) & (along < 32)
    walls = np.isin(along, [*range(8), *range(32, 40), *range(190, 198)]) | (down < 8)
    walls = walls | (down >= 48) & (down < 56) & ~narrow
    corners = [(13 * x % 96, x) for x in range(348)]
    parts = [patch({"membrane": walls[y : y + 192, x : x + 192]}) for y, x in corners]
    found = census(parts).profiles
    assert found.density == pytest.approx(5 / (0.348 * 5 * 0.096 * 5), rel=0.02)
    assert found.size_vx == Quantiles(p10=24 * 88, median=150 * 40, p90=150 * 40)
    assert found.neighbours == Quantiles(p10=4, median=4, p90=6)


def test_what_an_edge_cuts_is_told() -> None:
    walls = np.ones((100, 100), bool)
    walls[:20, 10:40] = walls[50:70, 50:60] = False
    assert profiles_of({"membrane": walls}).cut == pytest.approx(600 / 800)


def discs(centres: list[tuple[int, int]], radius: int = 4, size: int = 300) -> np.ndarray:
    canvas = np.zeros((size, size), np.uint8)
    for y, x in centres:
        cv2.circle(canvas, (x, y), radius, 1, -1)
    return canvas.astype(bool)


def test_vesicles_about_a_synapse() -> None:
    """A bar with discs of which the nearest begins 10 pixels off, one 60 pixels off, one 61."""
    bar = np.zeros((300, 300), bool)
    bar[100:110, 120:180] = True
    vesicles = discs([(109 + 11 + 4, 150), (109 + 61 + 4, 140), (109 + 62 + 4, 165), (250, 250)])
    found = profiles_of({"psd": bar, "vesicle": vesicles})
    assert even(found.psd_gap_nm, 50) and even(found.psd_vesicles, 2)
    far = profiles_of({"psd": bar, "vesicle": np.zeros_like(bar)})
    assert even(far.psd_gap_nm, 1000) and even(far.psd_vesicles, 0)
    touching = profiles_of({"psd": bar, "vesicle": discs([(113, 150)])})
    assert even(touching.psd_gap_nm, 0)
    assert profiles_of({"psd": np.zeros_like(bar), "vesicle": vesicles}).psd_vesicles is None


def test_boutons() -> None:
    """One cell with four vesicles, two of which touch; one with two; one with none."""
    walls = np.zeros((300, 300), bool)
    walls[:, 96:104] = walls[:, 196:204] = True
    vesicles = discs([(50, 30), (100, 30), (200, 30), (205, 34), (60, 150), (90, 150)])
    left = int(vesicles[:, :96].sum())
    found = profiles_of({"membrane": walls, "vesicle": vesicles})
    assert (found.profiles, found.boutons) == (3, 1)
    assert even(found.bouton_vesicles, left * 25 / VESICLE_NM2)
    assert even(found.bouton_cover, left / (300 * 96))
    assert found.loose == pytest.approx(1 - left / vesicles.sum())
    two = profiles_of({"membrane": walls, "vesicle": discs([(50, 30), (100, 30), (60, 150), (90, 150)])})
    assert two.boutons == 0 and two.bouton_cover is None and two.loose == 1


def test_a_volume_is_counted_section_by_section() -> None:
    walls = board(6, 40, 8)
    one, deep = profiles_of({"membrane": walls}), profiles_of({"membrane": np.stack([walls] * 3)})
    assert deep.profiles == 3 * one.profiles == 108
    assert even(deep.size_vx, 1600) and even(deep.neighbours, 4)
    assert deep.density == pytest.approx(one.density)


def test_lengths_follow_the_voxel_size() -> None:
    found = profiles_of({"membrane": board(6, 40, 8)}, voxel_nm=(50, 10, 10))
    assert even(found.size_vx, 1600) and even(found.size_nm, 160_000)
    assert even(found.neighbours, 4)
    assert even(profiles_of({"membrane": board(6, 40, 10)}, voxel_nm=(50, 10, 10)).neighbours, 0)


def test_what_is_not_labelled_is_left_out() -> None:
    walls, vesicles = board(6, 40, 8), discs([(20, 20), (30, 30), (20, 30)], 3, 288)
    found = profiles_of({"membrane": walls, "vesicle": vesicles}, known=("vesicle", "psd"))
    assert found.profiles == 0 and found.density is None and found.size_vx is None and found.loose is None
    found = profiles_of({"membrane": walls, "vesicle": vesicles}, known=("membrane",))
    assert found.profiles == 36 and found.loose is None and found.boutons == 0
    assert Profiles.model_validate_json(found.model_dump_json()) == found


def field(seed: int, scale: float = 1.0) -> Masks:
    """A board of 512 pixels with mitochondria, vesicles and PSDs put in at random."""
    rng = np.random.default_rng(seed)
    walls = board(8, 56, 8)
    cells = [(y, x) for y in range(32, 512, 64) for x in range(32, 512, 64)]
    mito = np.zeros((512, 512), np.uint8)
    for i in rng.choice(len(cells), 20, replace=False):
        cv2.circle(mito, cells[i][::-1], int(scale * rng.integers(10, 16)), 1, -1)
    vesicles = discs(
        [(y + int(a), x + int(b)) for y, x in cells for a, b in rng.integers(-22, 22, (4, 2))], size=512
    )
    psd = np.zeros((512, 512), bool)
    for y, x in cells[::5]:
        psd[y + 28 : y + 36, x - 20 : x + 10] = True
    return {
        "membrane": walls & ~psd,
        "mitochondrion": mito > 0,
        "mito_boundary": (mito > 0) & (cv2.erode(mito, np.ones((7, 7), np.uint8)) == 0),
        "psd": psd,
        "vesicle": vesicles & ~walls & ~psd & (mito == 0),
        "sheath": np.zeros((512, 512), bool),
    }


def named(result: Comparison) -> dict[tuple[str, str], ComparedFigure]:
    return {(row.group, row.name): row for row in result.rows}


def printed(result: Comparison) -> str:
    console = Console(width=140, record=True, file=StringIO())
    console.print(result.table())
    return console.export_text()


def test_a_set_against_itself() -> None:
    count = census([patch(field(seed)) for seed in range(2)])
    result = compare(count, count)
    rows = named(result)
    assert {row.ratio for row in rows.values()} == {1, None} and not any(row.mark for row in rows.values())
    missing = {key for key, row in rows.items() if row.ratio is None}  # no sheath, no cut profile
    assert {group for group, _ in missing} == {
        "share of pixels, %",
        "sheath",
        "grey, mean",
        "grey, standard deviation",
        NEURITES,
    }
    assert all(name == "sheath" for group, name in missing if group[:4] in ("grey", "shar"))
    assert Comparison.model_validate_json(result.model_dump_json()) == result


def test_what_is_off_is_marked() -> None:
    ours = census([patch(field(seed, 1.3)) for seed in range(3)])
    real = census([patch(field(seed)) for seed in range(3)])
    rows = named(compare(ours, real))
    size = rows["mitochondrion", "size, px"]
    assert size.ratio == pytest.approx(1.3**2, rel=0.1) and size.mark == "high"
    assert named(compare(real, ours))["mitochondrion", "size, px"].mark == "low"
    assert rows["mitochondrion", "minor axis, nm"].ratio == pytest.approx(1.3, rel=0.05)
    assert rows["psd", "size, px"].mark == ""
    line = next(line for line in printed(compare(ours, real)).splitlines() if "size, px" in line)
    assert line.split("│")[-2].strip() == "high" and f"{size.ratio:.2f}" in line


def test_a_set_against_itself_in_pieces() -> None:
    """Cut alike, 4 large patches and 16 small ones of the same tissue are the same."""
    whole = [patch(field(seed)) for seed in range(4)]
    pieces = [piece for one in whole for piece in one.windows((1, 256, 256))]
    window = common_window(pieces, whole)
    assert window == (1, 256, 256) == common_window(whole, pieces)
    result = compare(census(pieces, window=window), census(whole, window=window))
    assert result.ours == result.real and result.real.patches == 16
    assert "Both sets in windows of 256 × 256" in " ".join(printed(result).split())
    uncut = compare(census(pieces), census(whole))
    assert "differ in size" in " ".join(printed(uncut).split())


def test_windows_are_places_in_the_patch() -> None:
    whole = patch(field(0))
    parts = list(whole.windows((1, 200, 500)))
    assert [part.grid.origin_nm for part in parts] == [(0, 0, 0), (0, 1000, 0)]
    assert np.array_equal(parts[1].image, whole.image[:, 200:400, :500])
    assert np.array_equal(parts[1].labels, whole.labels[:, :, 200:400, :500])
    with pytest.raises(InputError, match="hold no window"):
        list(whole.windows((2, 8, 8)))


def test_a_volume_against_sections() -> None:
    section, deep = patch(field(0)), patch({name: np.stack([mask] * 3) for name, mask in field(0).items()})
    window = common_window([deep], [section])
    assert window == (1, 512, 512)
    counts = census([deep], window=window), census([section], window=window)
    ratios = [row.ratio for row in compare(*counts).rows if row.ratio is not None]
    assert len(ratios) > 30 and ratios == pytest.approx([1] * len(ratios), abs=0.05)
    with pytest.raises(InputError, match="volumes cannot be compared"):
        compare(census([deep]), counts[1])


def test_voxels_must_be_of_one_size() -> None:
    ours, real = [patch(field(0))], [patch(field(0), voxel_nm=(50, 4, 4))]
    with pytest.raises(InputError, match="5 × 5 × 5 nm cannot be compared with voxels of 50 × 4 × 4 nm"):
        common_window(ours, real)
    with pytest.raises(InputError, match="5 × 5 nm cannot be compared with voxels of 4 × 4 nm"):
        compare(census(ours), census(real))
    assert common_window(ours, [patch(field(0), voxel_nm=(50, 5, 5))]) == (1, 512, 512)


def test_an_unlabelled_class_is_not_compared() -> None:
    known = tuple(name for name in CLASSES if name not in ("vesicle", "sheath"))
    result = compare(census([patch(field(0))]), census([patch(field(1), known)]))
    left = {(row.group, row.name) for row in result.rows if not row.labelled}
    assert ("psd", "vesicles within 300 nm") in left and ("psd", "size, px") not in left
    assert ("share of pixels, %", "sheath") in left and ("vesicle", "per µm²") in left
    assert all(row.ours is None and row.ratio is None for row in result.rows if not row.labelled)
    assert printed(result).count("not labelled") == 2 * len(left)
    assert ("grey, mean", "cytoplasm") in left, "it holds the vesicles in one set only"


def test_the_same_classes_are_counted_where_one_set_lacks_some() -> None:
    """Vesicles and PSDs without masks look like cytoplasm, and leave gaps in the walls of neurites."""
    few = tuple(name for name in CLASSES if name not in ("vesicle", "psd"))
    grey = [130, 60, 80, 40, 20, 30, 10]
    ours = [patch(field(seed)) for seed in range(2)]
    for one in ours:
        one.image[:] = grey[0]
        for level, mask in zip(grey[1:], one.labels, strict=True):
            one.image[mask] = level
    real = [replace(one, known=tuple(name in few for name in CLASSES)) for one in ours]
    real = [replace(one, labels=one.labels & np.array(one.known)[:, None, None, None]) for one in real]
    both = [name for name in labelled_in(ours) if name in labelled_in(real)]
    assert both == list(few)
    rows = named(compare(census(ours, classes=both), census(real, classes=both)))
    assert rows["grey, mean", "cytoplasm"].ratio == 1
    assert {row.ratio for row in rows.values()} <= {1, None}
    assert census(ours).cytoplasm != census(real).cytoplasm
    # a section that lacks a mask that others have says nothing of cytoplasm
    assert census([*real, ours[0]], classes=CLASSES).cytoplasm == census(ours[:1]).cytoplasm


def write(folder: Path, patches: list[Patch], classes: tuple[str, ...] = CLASSES) -> Path:
    """A folder of real EM, its sections s0, s1, …, and a split of which the first is the training half."""
    for i, one in enumerate(patches):
        for name, mask in (
            ("slices", one.image[0]),
            *zip(CLASSES, one.labels[:, 0] * np.uint8(255), strict=True),
        ):
            if name in (*classes, "slices"):
                path = folder / (name if name == "slices" else FOLDERS[name][0]) / f"s{i}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                cv2.imwrite(str(path), mask)
    (folder / "splits.yaml").write_text("half: {train: [s0], test: [s1]}\n")
    return folder


def test_against_as_a_person_runs_it(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    patches = [patch(field(seed)) for seed in range(2)]
    real = write(tmp_path / "real", patches, CLASSES[:5])
    ours = write(tmp_path / "ours", [piece for piece in patches[0].windows((1, 256, 256))])
    path = tmp_path / "c.json"
    common = ["census", str(ours), "--against", str(real)]
    assert main([*common, "--against-split", "half", "--json", str(path)]) == 0
    said = capsys.readouterr()
    assert [line.split(": ")[2].split(" ")[0] for line in said.err.splitlines()] == ["read", "tells"] * 2
    assert "4 patches against 4" in said.out and "not labelled" in said.out
    result = Comparison.model_validate_json(path.read_text())
    assert {row.ratio for row in result.rows} == {1, None}
    assert main([*common, "--against-names", "s1", "--names", "s[01]", "--voxel-nm", "50,4,4"]) == 0
    assert "2 patches against 4" in capsys.readouterr().out
    assert main(common) == 0
    assert "4 patches against 8" in capsys.readouterr().out


def test_the_voxel_size_tells_of_what_is_not_generated(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    ours, real = tmp_path / "ours", write(tmp_path / "real", [patch(field(0))])
    assert main(["generate", "epfl", str(ours), "--count", "2", "--shape", "96,96", "--workers", "1"]) == 0
    capsys.readouterr()
    assert main(["census", str(ours), "--against", str(real), "--voxel-nm", "20,5,5"]) == 0
    assert "2 patches against 25" in capsys.readouterr().out
    assert main(["census", str(ours), "--against", str(real), "--voxel-nm", "20,4,4"]) == 2
    assert "cannot be compared with voxels of 20 × 4 × 4 nm" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--against", "none"], "no such folder"),
        (["--against", "REAL", "--against-names", "s7"], "no section is called 's7'"),
        (["--against", "REAL", "--against-split", "hlaf"], "did you mean 'half'?"),
        (["--against", "REAL", "--against-split", "half", "--against-names", "s0"], "give one of them"),
        (["--against", "none", "--against-split", "half"], "none/splits.yaml: cannot be read"),
        (["--against-names", "s0"], "need --against"),
        (["--against-split", "half"], "need --against"),
    ],
)
def test_against_refuses_in_one_sentence(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, options: list[str], says: str
) -> None:
    real = write(tmp_path, [patch(field(0))])
    status = main(["census", str(real), *[str(real) if option == "REAL" else option for option in options]])
    said = capsys.readouterr()
    assert status == 2 and said.out == ""
    assert said.err.startswith("synthem: ") and said.err.count("\n") == 1 and says in said.err


def test_profiles_of_real_sections(epfl6: Path) -> None:
    """Figures that were measured on these masks apart from this code (see the design)."""
    train, test = read_split(epfl6 / "splits.yaml", "rare")
    found = census(read_folder(epfl6, [*train[::6], *test[::6]])).profiles
    assert found.profiles / 10 == pytest.approx(156, rel=0.15)
    assert found.size_vx is not None and found.size_vx.median == pytest.approx(973, rel=0.25)
    assert found.solidity is not None and found.solidity.median == pytest.approx(0.87, abs=0.07)
    assert found.aspect is not None and found.aspect.median == pytest.approx(2.4, rel=0.15)
