"""The studio's addresses, asked as the page asks them."""

import json
import re
import struct
import time

import numpy as np
import pytest

from synthem.preset.preset import load_preset
from synthem.world import World

BLURRED = {"microscope.beam.sigma_nm": 16.0}


def picture(response):
    assert response.status_code == 200, response.text
    body = response.content
    (length,) = struct.unpack("<I", body[:4])
    head = json.loads(body[4 : 4 + length])
    count = head["height"] * head["width"]
    shape = head["height"], head["width"]
    image = np.frombuffer(body, np.uint8, count, 4 + length).reshape(shape)
    bits = np.frombuffer(body, f"<u{head['bytes']}", count, 4 + length + count).reshape(shape)
    return head, image, bits


def waited(page, kind, until=("done", "stopped", "failed"), seconds=240):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        told = page.get(f"/api/{kind}/job").json()
        if told["state"] in until:
            return told
        time.sleep(0.1)
    raise AssertionError(told)


def test_the_page_is_told_what_there_is(page, sections):
    about = page.get("/api/about").json()
    assert about["preset"] == "epfl" and about["changes"] == {}
    assert about["real"]["sections"] == 3 and "psd" in about["real"]["labelled"]
    assert str(sections) not in json.dumps(about["real"]["name"])
    assert [group["label"] for group in about["groups"]] == ["Microscope", "Tissue", "Annotation", "Voxels"]
    assert page.get("/").headers["content-type"].startswith("text/html")


def test_a_picture_changes_with_a_value_and_keeps_its_labels(ask):
    place = {"z": 137.0, "y": 5000.0, "x": -2000.0, "edge": 128}
    head, saved, labels = picture(ask("picture", **place))
    assert (head["height"], head["width"]) == (128, 128) and head["rebuilt"]
    head, tuned, same = picture(ask("picture", changes=BLURRED, **place))
    assert not head["rebuilt"]
    assert tuned.std() < 0.9 * saved.std()
    np.testing.assert_array_equal(labels, same)
    assert [one["name"] for one in head["classes"]] == list(load_preset("epfl").annotation.classes)
    _, stain, _ = picture(ask("picture", stage="stain", **place))
    assert (stain != saved).any()


def test_a_real_crop_comes_with_its_masks(ask):
    head, image, bits = picture(ask("real", number=3, edge=200))
    assert image.shape == (200, 200) and bits.any() and head["section"].startswith("section")
    assert (picture(ask("real", number=3, edge=200))[1] == image).all()
    assert any((picture(ask("real", number=k, edge=200))[1] != image).any() for k in range(4, 8))
    assert ask("real", edge=4000).status_code == 422


@pytest.mark.parametrize("what", ["psd", "bouton", "mitochondrion", "sheath"])
def test_an_object_is_shown_where_it_is(ask, what):
    place = ask("find", what=what, number=1).json()
    head, _, bits = picture(ask("picture", **place, edge=256))
    bit = [one["name"] for one in head["classes"]].index({"bouton": "vesicle"}.get(what, what))
    assert (bits >> bit & 1)[64:-64, 64:-64].any()
    assert ask("find", what=what, number=2).json() != place


def test_what_a_tissue_lacks_is_not_found(ask):
    answer = ask("find", what="sheath", changes={"anatomy.sheath": None})
    assert answer.status_code == 422 and answer.json()["error"] == "this tissue has no sheath"


def test_differences_have_a_number_and_a_direction(ask):
    saved = ask("compare").json()
    tuned = ask("compare", changes={"microscope.tone.offset": 40.0}).json()
    blurred = ask("compare", changes=BLURRED).json()
    off = [{one["name"]: one["off"] for one in found["traits"]} for found in (saved, tuned, blurred)]
    assert off[1]["brightness"] > off[0]["brightness"] + 2
    assert off[2]["blur"] > off[0]["blur"] + 1
    said = {one["name"]: one["text"] for one in blurred["traits"]}["blur"]
    number = re.fullmatch(r"blur (\d+\.\d) spreads too wide", said)
    assert number and float(number[1]) == pytest.approx(off[2]["blur"], abs=0.06)
    sharp = ask("compare", changes={"microscope.beam.sigma_nm": 2.0}).json()
    assert {one["name"]: one["off"] for one in sharp["traits"]}["blur"] < off[0]["blur"] - 0.5
    assert saved["misfit"] < tuned["misfit"] and saved["near"] > tuned["near"]
    shifts = [abs(figure["off"]) for figure in tuned["figures"]]
    assert shifts == sorted(shifts, reverse=True) and len(shifts) == tuned["of"]
    curves = tuned["ours"]
    assert sum(curves["histogram"][1]) == pytest.approx(100, abs=15)
    assert len(curves["spectrum"][0]) == len(tuned["real"]["spectrum"][0])


def test_masks_are_counted_beside_the_labels(ask):
    rows = {(r["group"], r["name"]): r for r in ask("counts").json()["rows"]}
    assert rows["share of pixels, %", "membrane"]["real"] > 5
    fewer = ask(
        "counts",
        changes={"anatomy.vesicle.density": {"min": 0.05, "max": 0.06}, "anatomy.vesicle.loose_chance": 0},
    )
    few = {(r["group"], r["name"]): r for r in fewer.json()["rows"]}
    assert few["share of pixels, %", "vesicle"]["ours"] < rows["share of pixels, %", "vesicle"]["ours"] / 2
    assert ask("counts", changes={"voxel_nm": [6, 6, 6]}).status_code == 422


def test_a_volume_is_turned(ask):
    first = ask("surface", changes={"voxel_nm": [20, 20, 20]}, show=["psd", "vesicle", "neurite"])
    assert first.status_code == 200 and first.content.startswith(b"\x89PNG"), first.text
    turned = ask("surface", changes={"voxel_nm": [20, 20, 20]}, show=["psd", "vesicle", "neurite"], turn=90)
    assert turned.content != first.content


def test_ten_crops_are_judged_and_a_file_is_written(ask, page, studio):
    begun = ask("blind", crops=10, edge=96, changes=BLURRED).json()
    test = begun["test"]
    assert page.get(f"/api/blind/{test}/1").status_code == 404, "only the crop that is asked for is shown"
    for k in range(10):
        head, image, _ = picture(page.get(f"/api/blind/{test}/{k}"))
        assert (
            image.shape == (96, 96)
            and head["classes"] == []
            and set(head) == {"height", "width", "bytes", "classes"}
        )
        assert ask("blind/result", test=test, rater="ada").status_code == 409
        answer = ask("blind/answer", test=test, number=k, real=True).json()
        assert answer["answered"] == k + 1 and "real" not in answer
    result = ask("blind/result", test=test, rater="ada").json()
    assert (result["right"], result["accuracy"]) == (5, 0.5)
    assert result["interval_95"][0] < 0.5 < result["interval_95"][1]
    (file,) = studio.out.iterdir()
    assert str(file) == result["file"]
    told = json.loads(file.read_text(encoding="utf-8"))
    assert told["changes"] == BLURRED and told["taken_for_real"] == {"real": 5, "synthetic": 5}
    assert ask("blind/result", test=test, rater="../ada").status_code == 400


def test_the_preset_is_written_where_it_was_said_and_nowhere_else(ask, studio):
    left = ask("leave", changes=BLURRED, name="mine", balance={"psd": 0.02}).json()
    assert left["changed"] == 1 and "sigma_nm: 16.0" in left["text"]
    assert any("--balance psd=0.02" in one["line"] for one in left["commands"])
    saved = ask("save", changes=BLURRED, name="mine").json()
    assert saved["file"] == str(studio.out / "mine.yaml")
    kept = load_preset(saved["file"])
    assert kept.microscope.beam.sigma_nm == 16
    assert kept.tuned_on == (*load_preset("epfl").tuned_on, f"{studio.sections.root.name}/*")
    whole = ask("leave", changes=BLURRED, whole=True).json()["text"]
    assert f"{studio.sections.root.name}/*" in whole
    assert "tuned_on" not in ask("leave").json()["text"], "of what was not changed nothing is said"
    again = ask("save", changes=BLURRED, name="mine")
    assert again.status_code == 409 and "exists already" in again.json()["error"]
    for name in ("../mine", "/tmp/mine", "a/b", "..", ".mine", "mine.yaml", "a\\b", "", "a" * 70):
        answer = ask("save", name=name)
        assert answer.status_code == 400, name
    assert [path.name for path in studio.out.iterdir()] == ["mine.yaml"]


def test_a_data_set_is_generated_from_here(ask, page, studio):
    from synthem.data.open import open_data

    changes = {**BLURRED, "patch_shape": [1, 64, 64]}
    told = ask("generate", changes=changes, count=3, seed=4, folder="patches", layout="png", name="mine")
    assert told.status_code == 200, told.text
    assert ask("generate", folder="others").status_code == 409
    told = waited(page, "generate")
    assert told["state"] == "done", told
    data = open_data(studio.out / "patches")
    assert len(data) == 3 and data[0].image.shape == (1, 64, 64)
    np.testing.assert_array_equal(data[0].image, World(_tuned(changes), 4).patch(data[0].grid).image)
    assert ask("generate", folder="patches").status_code == 409, "what is there is not written over"


def _tuned(changes):
    from synthem.studio.changes import changed

    return changed(load_preset("epfl"), changes)


def test_a_fit_is_started_told_of_and_stopped(ask, page):
    told = ask("fit", changes=BLURRED, minutes=5)
    assert told.json()["state"] == "running", told.text
    assert ask("fit").status_code == 409
    end = time.monotonic() + 120
    while not (notes := page.get("/api/fit/job").json()["notes"]) and time.monotonic() < end:
        time.sleep(0.2)
    ask("fit/job/stop")
    told = waited(page, "fit")
    assert told["state"] == "stopped", (told, notes)
    if told["result"]:  # the best up to then
        assert all({"path", "before", "after"} == set(value) for value in told["result"]["values"])


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[]", 400),
        (b"null", 400),
        (b"{", 400),
        (b"[" * 100_000, 400),
        (b'{"client": "x"}', 400),
        (b'{"client": "abcdefgh", "more": 1}', 400),
        (b'{"client": "abcdefgh", "edge": 100000}', 400),
        (b'{"client": "abcdefgh", "edge": 1e999}', 400),
        (b'{"client": "abcdefgh", "seed": -1}', 400),
        (b'{"client": "abcdefgh", "z": NaN}', 400),
        (b'{"client": "abcdefgh", "stage": "__class__"}', 400),
        (b'{"client": "abcdefgh", "changes": {"__class__.x": 1}}', 400),
        (b'{"client": "abcdefgh", "changes": {"../../etc": 1}}', 400),
        (b'{"client": "abcdefgh", "changes": {"name": "x"}}', 422),
        (b'{"client": "abcdefgh", "changes": {"microscope.beam.sigma_nm": NaN}}', 422),
        (b'{"client": "abcdefgh", "changes": {"microscope.beam.sigma_nm": 1e300}}', 422),
        (b'{"client": "abcdefgh", "changes": {"microscope.beam.sigma_nm": "9"}, "edge": 64, "x": "a"}', 400),
        (b'{"client": "abcdefgh", "changes": {"microscope.beam": 3}}', 422),
        (b'{"client": "abcdefgh", "changes": {"voxel_nm": [1e9, 1e9, 1e9]}}', 422),
        (b'{"client": "abcdefgh", "changes": {"anatomy": null}}', 422),
        ("{\"client\": \"abcdefgh\", \"changes\": {\"anatomy.\u202e\": 1}}".encode(), 400),
        (b"\xff\xfe\x00", 400),
    ],
)  # fmt: skip
def test_a_hostile_request_is_answered_in_one_sentence(page, body, status):
    answer = page.post("/api/picture", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == status, answer.text
    sentence = answer.json()["error"]
    assert 0 < len(sentence) < 500 and "\n" not in sentence and "Traceback" not in sentence


def test_without_real_sections_there_is_a_sentence_for_what_wants_them(tmp_path):
    from starlette.testclient import TestClient

    from synthem.studio.app import make_app
    from synthem.studio.guard import TOKEN
    from synthem.studio.studio import open_studio

    studio = open_studio("epfl", out=tmp_path)
    with TestClient(make_app(studio), "http://localhost", headers={TOKEN: studio.token}) as page:
        assert page.get("/api/about").json()["real"] is None
        for path in ("real", "compare", "counts", "blind", "fit"):
            answer = page.post(f"/api/{path}", json={"client": "abcdefgh"})
            assert answer.status_code == 422 and "--images" in answer.json()["error"], path


def test_real_voxels_are_those_of_the_pictures_from_the_beginning(sections, tmp_path):
    from synthem.studio.studio import open_studio

    some = open_studio("epfl", sections, None, tmp_path, names=["section0"], chosen=("--names", "section0"))
    assert some.sections.folder.names == ("section0",)
    assert some.tuned_on[-1] == f"{sections.name}/section0"
    studio = open_studio("cremi", sections, (5.0, 5.0, 5.0), tmp_path)
    assert studio.first_changes() == {"voxel_nm": [5.0, 5.0, 5.0]}
    assert open_studio("epfl", sections, None, tmp_path).first_changes() == {}
