"""The page stands alone, is well formed, escapes what comes from data, and holds what a reader wants."""

import re

import numpy as np
import pytest
from made_up_runs import made_up
from page_reader import read
from skimage.color import rgb2lab
from small_experiment import SYNTHETIC, config, load_data

from shapes import Grid
from synthem.experiment.config import CLASS_SETS
from synthem.experiment.gains import comparisons
from synthem.experiment.report.charts import DASHES, MARKS, ticks
from synthem.experiment.report.figures import ARM_COLOURS, ARM_STYLES
from synthem.experiment.report.page import DARK, Told, page
from synthem.experiment.report.regions import Region
from synthem.experiment.report.training_sets import training_sets
from synthem.experiment.results import ARMS
from synthem.patch import Patch
from synthem.preset.preset import load_preset


@pytest.fixture(scope="module")
def told(real):
    settings = config(real, title="A <b>title</b> & more")
    data = load_data(settings, lambda: SYNTHETIC)

    def make(runs, notice="", regions=None):
        what = Told(
            settings, data, comparisons(runs), runs, load_preset("epfl"), {"torch": "2"}, "f" * 64, notice
        )
        found = {c.stem: regions or [] for c in what.comparisons}
        return page(what, found)

    return make


def region(name="s000", edge=32):
    rng = np.random.default_rng(0)
    masks = rng.random((6, edge, edge)) < 0.1
    return Region(
        name, (0, 32), "gain +.100", rng.integers(0, 255, (edge, edge), np.uint8),
        {"truth": masks, "real": masks, "mixed": masks}, {"real": 0.5, "mixed": 0.6},
    )  # fmt: skip


EVERYTHING = [
    made_up(arm, s, found=found + n / 200, real_sections=None if arm in ("synthetic", "adapted") else n)
    for n in (4, 36)
    for arm, found in zip(ARMS, (0.5, 0.52, 0.4, 0.6, 0.58, 0.59, 0.61, 0.55, 0.56, 0.5, 0.53), strict=True)
    for s in (0, 1)
]


def test_pictures_have_words_and_tables_can_be_reached_by_keys(told):
    reader = read(told(EVERYTHING, regions=[region()]))
    for tag, attrs in reader.tags:
        if tag == "svg":
            assert attrs.get("aria-hidden") == "true" or (attrs["role"] == "img" and attrs["aria-label"])
        if "scroll" in attrs.get("class", ""):
            assert attrs["tabindex"] == "0" and attrs["aria-label"]
    tags = [tag for tag, _ in reader.tags]
    assert tags.count("h1") == tags.count("main") == 1
    assert tags.count("table") == tags.count("caption")
    assert ("html", {"lang": "en"}) in reader.tags


def test_identities_in_the_page_are_each_given_once(told):
    reader = read(told(EVERYTHING, regions=[region(), region()]))
    names = [attrs["id"] for _, attrs in reader.tags if "id" in attrs]
    assert len(names) == len(set(names))


def test_hostile_names_are_escaped(told):
    hostile = '"><script>alert(1)</script>&amp;'
    html = told(EVERYTHING, notice=hostile, regions=[region(hostile)])
    reader = read(html)
    assert "script" not in [tag for tag, _ in reader.tags] and "b" not in [tag for tag, _ in reader.tags]
    assert reader.text.count(hostile) == 3  # the notice, and the region in each comparison
    assert "A <b>title</b> & more" in reader.text


@pytest.mark.parametrize(
    ("found", "says"), [(0.7, "lift PSD"), (0.3, "lower PSD"), (0.5, "show no difference")]
)
def test_the_headline_stands_on_top(told, found, says):
    html = told([made_up(a, s, found=f) for a, f in (("real", 0.5), ("mixed", found)) for s in (0, 1)])
    (head,) = re.findall(r"<h1>(.*?)</h1>", html, re.DOTALL)
    assert says in head


def test_gains_stand_in_the_table_with_their_interval_or_what_is_missing(told):
    html = told([made_up(a, s, found=f) for a, f in (("real", 0.5), ("mixed", 0.7)) for s in (0, 1)])
    assert re.search(r'<small class="gain">\+\.2\d\d \[\.\d\d, \.\d\d\]</small>', html)
    assert '<small class="loss">' not in html and "nan" not in read(html).text.lower()
    assert '<small class="remark">no difference shown' in told([made_up("real"), made_up("mixed")])
    assert '<small class="remark">no interval' in told(
        [made_up("real", columns=2), made_up("mixed", columns=2)]
    )


@pytest.mark.parametrize("arms", [["real"], ["synthetic"], ["synthetic", "mixed"], ["real", "adapted"]])
def test_any_arms_make_a_page(told, arms):
    html = told([made_up(arm) for arm in arms])
    reader = read(html)
    assert ('class="dots"' in html) == ("real" in arms and len(arms) > 1)
    assert all(f'class="mark {arm}"' in html for arm in arms)
    assert "nan" not in reader.text.lower()


def test_classes_that_are_nowhere_make_a_page(told):
    html = told([made_up(arm, support=(0, 0), curves=[], confusion=[]) for arm in ("real", "mixed")])
    assert "nan" not in read(html).text.lower() and ">What is taken for what<" not in html
    blank = [{"step": k, "psd": None, "sheath": None, "mean": None} for k in (1.0, 2.0)]
    html = told([made_up(arm, curves=blank) for arm in ("real", "mixed")])
    assert "nowhere in the truth" in html and "nan" not in read(html).text.lower()


def test_dice_by_number_of_sections_is_drawn_where_there_are_several(told):
    assert ">Dice by number of real sections<" in told(EVERYTHING)
    assert ">Dice by number of real sections<" not in told(EVERYTHING[: 2 * len(ARMS)])


def test_the_page_stays_small_and_says_where_the_other_pictures_are(told, monkeypatch):
    regions = [region(edge=600)]
    assert len(told(EVERYTHING, regions=regions)) < 600_000
    monkeypatch.setattr("synthem.experiment.report.page.MOST_PICTURES", 200_000)
    html = told(EVERYTHING, regions=regions)
    assert "figures/regions-6-classes-4-steps-36-sections.png" in read(html).text
    assert 'id="6-classes-4-steps-4-sections-0"' in html


def test_every_arm_has_a_colour_a_mark_and_a_line():
    for table in (ARM_COLOURS, ARM_STYLES, DARK, MARKS, DASHES):
        assert tuple(table) == ARMS
    for colours, paper in ((ARM_COLOURS, 1.0), (DARK, 0.01)):
        assert len(set(colours.values())) == len(ARMS)
        for colour in colours.values():
            light, dark = sorted((luminance(colour), paper), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 3  # WCAG 2.1, 1.4.11: graphical objects


def linear(colour):
    parts = np.array([int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)])
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def luminance(colour):
    return float(linear(colour) @ (0.2126, 0.7152, 0.0722))


SEEN_WITHOUT = {
    "nothing missing": np.eye(3),
    "red": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "green": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "blue": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}
"""How colours look without one kind of cone: Machado, Oliveira and Fernandes 2009, severity 1."""


@pytest.mark.parametrize("missing", SEEN_WITHOUT)
@pytest.mark.parametrize("colours", [ARM_COLOURS, DARK], ids=["light", "dark"])
def test_colours_of_arms_are_told_apart_by_everyone(colours, missing):
    seen = np.array([np.clip(SEEN_WITHOUT[missing] @ linear(c), 0, 1) for c in colours.values()])
    lab = rgb2lab(np.where(seen <= 0.0031308, seen * 12.92, 1.055 * seen ** (1 / 2.4) - 0.055))
    apart = np.linalg.norm(lab[:, None] - lab[None], axis=-1)
    assert apart[np.triu_indices(len(lab), 1)].min() > 15


@pytest.mark.parametrize(("low", "high"), [(-0.03, 0.11), (0, 900), (-0.5, 0.5), (0, 0), (-0.001, 0.0004)])
def test_ticks_are_round_few_and_inside(low, high):
    at = ticks(low, high)
    assert 1 <= len(at) <= 6 and all(low - 1e-9 <= v <= high + 1e-9 for v in at)


def test_training_sets_are_counted_side_by_side(real):
    labels = np.zeros((6, 1, 200, 200), bool)
    labels[0, 0, 20:40, 20:40] = labels[0, 0, 120:140, 120:140] = labels[2, 0, :50] = True
    image = np.zeros((1, 200, 200), np.uint8)
    known = (True, True, True, False, True, True)
    patch = Patch(image, labels, Grid((1, 200, 200), (5.0, 5.0, 5.0)), known=known, name="p")
    data = load_data(config(real), lambda: [patch, patch, patch])
    ours = {s.name: s for s in training_sets(data, CLASS_SETS[6])}
    assert ours["real"].patches == 4 and ours["synthetic"].patches == 2
    mito = ours["synthetic"].classes["mitochondrion"]
    assert (mito.share, mito.holding) == (pytest.approx(800 / 40_000), 2)
    assert mito.density == pytest.approx(2, rel=0.3)  # two in a square micrometre, and some that edges cut
    assert ours["synthetic"].classes["membrane"].density is None
    assert ours["synthetic"].classes["psd"].share is None
    assert ours["real"].classes["sheath"].share == 0
