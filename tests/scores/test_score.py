"""All families together: what is judged, what is undefined, what is pooled, and what is written."""

import json
import math
from dataclasses import replace

import cv2
import numpy as np
import pytest

from shapes import Grid
from shapes.core.errors import InputError, UnknownNameError
from synthem.labels import CLASSES
from synthem.patch import Patch
from synthem.scores.case import Case
from synthem.scores.paired import cases, paired
from synthem.scores.score import FAMILIES, Scoring, family_names, score_masks
from synthem.scores.tables import below, csv, grid, markdown
from synthem.scores.values import Undefined, family, mean_of
from synthem.scores.write import write_maps, write_sheet

NM = (5.0, 5.0, 5.0)


def tissue(shift: int = 0, depth: int = 1) -> np.ndarray:
    """Masks of six classes: walls, two mitochondria with boundaries, a density with vesicles, no sheath."""
    out = np.zeros((6, depth, 80, 120), bool)
    y, x = np.indices((80, 120))
    for middle in (30 + shift, 62):
        far = np.hypot(y - 50, x - middle)
        out[0] |= far <= 13
        out[1] |= (far <= 13) & (far > 9)
    out[2] = (np.abs(x - 85 - shift) < 3) | (np.abs(y - 20) < 3)
    out[3, :, 18:23, 95 + shift : 115 + shift] = True
    out[2] &= ~out[3]
    for k in range(4):
        out[4] |= np.hypot(y - 35, x - 92 - 7 * k - shift) < 3
    return out


@pytest.mark.parametrize("depth", [1, 12])
def test_masks_that_are_true_have_the_best_scores(depth):
    sheet = score_masks(tissue(0, depth), tissue(0, depth), NM)
    assert tuple(sheet.families) == tuple(FAMILIES)
    best = {
        "pixels": {"dice": 1, "precision": 1, "recall": 1, "conformity": 1, "pixel_error": 0},
        "surfaces": {"boundary_dice": 1, "hausdorff_95": 0, "average_distance": 0},
        "instances": {"ap_50": 1, "map": 1, "pq": 1, "aji": 1},
        "partitions": {"adapted_rand_error": 0, "v_rand": 1, "vi": 0},
        "detection": {"f1": 1, "distance": 0},
    }
    for name, wanted in best.items():
        for cls in set(sheet.families[name].scores) - {"sheath"}:
            own = sheet.families[name].scores[cls]
            assert {k: own[k] for k in wanted} == pytest.approx(wanted, abs=1e-9), (name, cls)
    assert sheet.families["partitions"].scores["neurites"]["warping_error"] == 0
    assert sheet.families["surfaces"].scores["membrane"]["centreline_dice"] == 1
    assert sheet.families["errors"].why["psd"]["within 1 px"] == "there is no error"
    morphology = sheet.families["morphology"].scores
    assert morphology["vesicles within 300 nm of a psd"]["true mean"] == 4
    assert (
        morphology["psd length, nm"]["true mean"] == pytest.approx(20 * 5 * 4 / math.sqrt(12), rel=0.01)
        or depth > 1
    )
    assert {row["bias"] for name, row in morphology.items() if "g-ratio" not in name} == {0}
    size = "mitochondrion area, µm²" if depth == 1 else "mitochondrion volume, µm³"
    area = math.pi * 13**2 * 25e-6 * (1 if depth == 1 else 5e-3 * depth)
    assert morphology[size]["true mean"] == pytest.approx(area, rel=0.02)
    assert morphology[size]["pairs"] == 2 and morphology[size]["bias"] == 0


def test_what_is_in_neither_has_no_score_and_says_why():
    sheet = score_masks(tissue(2), tissue(), NM)
    for name in ("pixels", "surfaces", "instances", "partitions"):
        own = sheet.families[name]
        nulls = {k for k, value in own.scores["sheath"].items() if value is None}
        assert nulls and nulls == set(own.why["sheath"])
    text = json.dumps(json.loads(sheet.model_dump_json()), allow_nan=False)
    assert "NaN" not in text and type(sheet).model_validate_json(sheet.model_dump_json()) == sheet


def test_what_is_ignored_or_unlabelled_is_left_out_of_every_family():
    true, found = tissue(0, 6), tissue(2, 6)
    ignored, known = np.zeros((6, 80, 120), bool), np.ones((6, 6), bool)
    ignored[:, :, 90:] = True
    known[:, 4:] = False
    want = score_masks(found[:, :4, :, :90], true[:, :4, :, :90], NM)
    spoiled = found.copy()
    spoiled[..., 90:], spoiled[:, 4:] = ~spoiled[..., 90:], ~spoiled[:, 4:]
    got = score_masks(spoiled, true, NM, ignored=ignored, known=known)
    for name in ("pixels", "surfaces", "instances", "detection", "errors"):
        assert got.families[name] == want.families[name], name
    # what is cut off by the edge of the image, or of what is judged, is the same
    ours, theirs = (s.families["partitions"].scores["neurites"] for s in (got, want))
    assert {k: v for k, v in ours.items() if k != "warping_error"} == pytest.approx(
        {k: v for k, v in theirs.items() if k != "warping_error"}
    )
    only = known.copy()
    only[3] = False
    assert "psd" not in score_masks(found, true, NM, known=only).families["pixels"].scores


def test_sections_are_pooled():
    scoring = Scoring(["pixels", "instances", "detection", "errors", "surfaces"])
    for shift in (0, 3):
        scoring.add(Case(tissue(shift), tissue(), CLASSES, NM, name=f"s{shift}"))
    got = scoring.sheet()
    assert got.cases == ("s0", "s3")
    one, other = (score_masks(tissue(s), tissue(), NM).families for s in (0, 3))
    for name, key in (
        ("pixels", "support"),
        ("instances", "true objects"),
        ("detection", "matched"),
        ("errors", "false positives"),
    ):
        for cls, row in got.families[name].scores.items():
            assert row[key] == one[name].scores[cls][key] + other[name].scores[cls][key]
    dice = got.families["pixels"].scores["psd"]["dice"]
    assert dice == pytest.approx(2 * (100 + 85) / 400)  # counted, then divided


def test_probabilities_add_average_precision():
    true = tissue()
    given = np.where(true, np.float32(0.9), np.float32(0.1))
    sheet = score_masks(true, true, NM, CLASSES, given, families=["pixels"])
    own = sheet.families["pixels"]
    assert own.scores["psd"]["average_precision"] == 1
    assert own.scores["sheath"]["average_precision"] is None
    assert [p["threshold"] for p in own.tables["curve psd"]] == pytest.approx([0.9, 0.1], abs=2e-3)


def test_names_of_families():
    assert family_names(["surfaces", " pixels"]) == ("pixels", "surfaces")
    assert family_names(["all"]) == tuple(FAMILIES)
    with pytest.raises(UnknownNameError, match="did you mean 'surfaces'"):
        family_names(["surface"])
    with pytest.raises(InputError, match="name families"):
        family_names([""])


def test_shapes_must_fit():
    true = tissue()
    with pytest.raises(InputError, match="found and true masks must both be of"):
        score_masks(true[..., :50], true, NM)
    with pytest.raises(InputError, match="ignored must be of shape"):
        score_masks(true, true, NM, ignored=np.zeros((2, 2, 2), bool))
    with pytest.raises(InputError, match="above 0 nm"):
        score_masks(true, true, (5, 0, 5))


def test_tables_show_a_dash_and_below_them_why():
    own = family(
        "T",
        {"psd": {"a_b": 0.5, "n": 7, "far": Undefined('none, "x"')}, "er": {"a_b": 1.0}},
        {"far": "nm"},
        ("a note",),
    )
    heads, rows = grid(own)
    assert heads == ["score", "psd", "er"]
    assert rows == [["a b", "0.500", "1.000"], ["n", "7", ""], ["far, nm", "–", ""]]
    assert below(own) == ['– none, "x": psd (far)', "a note"]
    assert "| far, nm | – |  |" in markdown(own)
    assert csv(["a", "b"], [['x,"y"', None]]) == 'a,b\n"x,""y""",\n'
    assert mean_of([Undefined("w"), 2.0, 4.0], "") == 3 and mean_of([Undefined("w")], "") == Undefined("w")


def test_what_is_written(tmp_path):
    image = np.full((1, 80, 120), 90, np.uint8)
    case = Case(
        tissue(3),
        tissue(),
        CLASSES,
        NM,
        image=image,
        name="stack:0001",
        probabilities=tissue() * np.float32(1),
    )
    scoring = Scoring()
    scoring.add(case)
    maps, files = write_maps(tmp_path, case), write_sheet(tmp_path, scoring.sheet())
    assert len(maps) == 6 and (tmp_path / "errors" / "PSD" / "stack_0001.png") in maps
    shown = cv2.imread(str(tmp_path / "errors/PSD/stack_0001.png"))
    assert shown.shape == (80, 120, 3) and (shown[0, 0] == 90).all()
    assert shown[20, 116, 2] > shown[20, 116, 0] and shown[20, 96, 0] > shown[20, 96, 2]  # made up, missed
    assert {p.name for p in files} >= {
        "scores.json",
        "scores.md",
        "pixels.csv",
        "bland_altman.png",
        "precision_recall.png",
        "morphology_pairs.csv",
        "pixels_curve_psd.csv",
        "instances_ap.csv",
    }
    assert (
        json.loads((tmp_path / "scores.json").read_text())["families"]["pixels"]["scores"]["psd"]["dice"]
        == 0.85
    )
    for name in ("bland_altman.png", "precision_recall.png"):
        assert cv2.imread(str(tmp_path / name)).std() > 1


def patch(name: str, known=(True,) * 6, ignored=None, size=40) -> Patch:
    labels = np.zeros((6, 1, size, size), bool)
    return Patch(
        np.zeros((1, size, size), np.uint8), labels, Grid((1, size, size), NM), known, name, ignored=ignored
    )


def test_images_are_paired_by_name_and_judged_where_both_are():
    some = np.zeros((1, 40, 40), bool)
    some[0, 0], other = True, np.rot90(some, axes=(1, 2)).copy()
    heard: list[str] = []
    found = [patch("a_mask", ignored=some), patch("b", (True, False, True, True, True, True))]
    true = [patch("b"), patch("c"), patch("a", ignored=other)]
    pairs = paired(found, true, heard.append)
    assert pairs == [(1, 0), (0, 2)] and heard == [
        "1 of 3 images have no masks that were found, left out: c …"
    ]
    b, a = cases(found, true, pairs)
    assert not b.knows("mito_boundary") and b.name == "b"
    np.testing.assert_array_equal(a.ignored, some | other)
    assert paired([patch("x")], [patch("y")]) == [(0, 0)]
    with pytest.raises(
        InputError, match="no image has the same name in both; the first are called 'a_mask' and 'x'"
    ):
        paired(found, [patch("x"), patch("y")])
    with pytest.raises(InputError, match="differ in size: 1 × 40 × 40 and 1 × 30 × 30 voxels"):
        next(cases(found, [patch("a", size=30)], [(0, 0)]))
    with pytest.raises(InputError, match="no class is labelled in both"):
        paired([patch("x", (True, *(False,) * 5))], [replace(patch("x"), known=(False, *(True,) * 5))])
