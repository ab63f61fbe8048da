"""What is set into a section lies where it could be, looks like its surroundings and changes nothing else."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from shapes.core.errors import InputError
from synthem.paste.profiles import read_profiles
from synthem.paste.request import Request
from synthem.paste.run import paste_sections

KINDS = ("psd", "vesicle", "sheath", "mitochondrion")
SYNAPSES = Request(preset="epfl", classes=("psd", "vesicle"), per_section=3, seed=1)


def new(before, after, name):
    return (after.mask(name) & ~before.mask(name))[0]


def objects(mask):
    ids, count = ndimage.label(mask, np.ones((3, 3)))
    return [ids == k + 1 for k in range(count)]


def both(sections, pasted):
    return list(zip(sections, pasted[0], strict=True))


def test_every_kind_was_set_in(pasted):
    assert {entry["class"] for entry in pasted[1]} == {"psd", "mitochondrion"}
    assert all(0 < entry["size_nm"] < 2000 and entry["seed"] == 1 for entry in pasted[1])


def test_a_density_lies_on_a_membrane_between_two_profiles(sections, pasted):
    found = 0
    for before, after in both(sections, pasted):
        profiles = read_profiles(before)
        for one in objects(new(before, after, "psd")):
            if one.sum() < 60:
                continue
            found += 1
            assert (one & before.mask("membrane")[0]).mean() > 0
            around = ndimage.binary_dilation(one, iterations=10)
            beside = np.bincount(profiles.ids[around & (profiles.ids > 0)])
            assert (beside > 40).sum() >= 2, "there are two cells"
            assert profiles.partition.depth_nm[0][one].min() < 10
    assert found >= 3


def test_no_vesicle_crosses_a_membrane(sections, pasted):
    found = 0
    for before, after in both(sections, pasted):
        profiles = read_profiles(before)
        own = new(before, after, "vesicle")
        found += own.sum()
        assert (profiles.ids[own] > 0).all()
        assert not (own & before.mask("mitochondrion")[0]).any()
        for one in objects(own):
            assert len(np.unique(profiles.ids[one])) == 1
    assert found > 300


def test_a_sheath_keeps_to_its_own_axon(sections):
    wide = Request(preset="epfl", classes=("sheath",), per_section=4)
    out, entries, _ = paste_sections(sections, wide)
    assert entries
    for before, after in zip(sections, out, strict=True):
        profiles = read_profiles(before)
        own = new(before, after, "sheath")
        wrapped = np.unique(profiles.partition.index[0][own & (profiles.ids > 0)])
        places = [e["place_px"] for e in entries if e["from"] == before.name]
        assert len(wrapped) == len(places)
        assert not (own & (before.mask("mitochondrion") | before.mask("vesicle"))[0]).any()


def test_nothing_else_changes_by_one_bit(sections, pasted):
    for before, after in both(sections, pasted):
        masks = np.any([new(before, after, name) for name in KINDS], axis=0)
        assert masks.any()
        far = ndimage.distance_transform_edt(~masks) > 25
        assert far.any()
        assert np.array_equal(before.image[0][far], after.image[0][far])
        assert (before.image[0][masks] != after.image[0][masks]).mean() > 0.6
        for k, name in enumerate(before.classes):
            lost = before.labels[k] & ~after.labels[k]
            assert not lost.any() or name == "membrane"
        lost = (before.mask("membrane") & ~after.mask("membrane"))[0]
        assert not (lost & ~masks).any()


def test_masks_obey_the_rule_of_overlaps(pasted):
    for patch in pasted[0]:
        each = np.stack([patch.mask(name) for name in (*KINDS, "membrane")])
        assert each.sum(0).max() == 1
        assert not (patch.mask("mito_boundary") & ~patch.mask("mitochondrion")).any()
    assert any(patch.mask("mito_boundary").any() for patch in pasted[0])


def test_noise_in_what_is_set_in_is_as_strong_as_in_real_objects(sections, pasted):
    def rest(patch, masks):
        image = patch.image[0].astype(float)
        return (image - ndimage.gaussian_filter(image, 2.0))[masks]

    for name in ("mitochondrion", "psd", "vesicle"):
        real = np.concatenate([rest(p, p.mask(name)[0]) for p in sections])
        ours = np.concatenate(
            [rest(after, new(before, after, name))
             for before, after in both(sections, pasted)]
        )  # fmt: skip
        assert min(real.size, ours.size) > 300
        assert ours.std() == pytest.approx(real.std(), rel=0.15), name


def test_sections_do_not_depend_on_each_other(sections):
    one, entries, _ = paste_sections(sections, SYNAPSES)
    two, again, _ = paste_sections(sections[::-1], SYNAPSES)
    assert one == two[::-1]
    assert sorted(map(str, entries)) == sorted(map(str, again))
    other = paste_sections(sections, SYNAPSES.model_copy(update={"seed": 2}))[0]
    assert other != one
    twice = paste_sections(sections[:1], SYNAPSES, 2)[0]
    assert [p.name for p in twice] == ["s0-0", "s0-1"] and not np.array_equal(twice[0].image, twice[1].image)


def test_nothing_is_set_where_nobody_knows_what_lies_there(sections):
    half = np.zeros(sections[0].image.shape, bool)
    half[..., :160] = True
    masked = replace(sections[0], ignored=half, labels=sections[0].labels & ~half)
    (after,), entries, _ = paste_sections([masked], SYNAPSES.model_copy(update={"per_section": 6}))
    assert all(entry["place_px"][1] > 160 for entry in entries)
    assert np.array_equal(after.image[half], masked.image[half]) and not (after.labels & half).any()


def test_a_class_without_labels_is_not_set_in(sections):
    bare = sections[0]
    known = tuple(name != "psd" for name in bare.classes)
    (after,), entries, _ = paste_sections([replace(bare, known=known)], SYNAPSES)
    assert entries == [] and np.array_equal(after.image, bare.image)
    unknown = replace(bare, known=tuple(name != "membrane" for name in bare.classes))
    with pytest.raises(InputError, match="s0: has no mask of membranes"):
        paste_sections([unknown], SYNAPSES)


def test_copies_come_from_the_sections(sections):
    copied = SYNAPSES.model_copy(update={"copied": True})
    out, entries, _ = paste_sections(sections, copied)
    assert entries and out == paste_sections(sections, copied)[0]
    assert out != paste_sections(sections, SYNAPSES)[0]
    assert any(new(a, b, "vesicle").any() for a, b in zip(sections, out, strict=True))
    for patch in out:
        assert np.stack([patch.mask(name) for name in (*KINDS, "membrane")]).sum(0).max() == 1
