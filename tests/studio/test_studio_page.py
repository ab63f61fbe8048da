"""The studio's page in a real browser: `pytest -m browser`, where Playwright and Chromium are there."""

import json
import shutil
import threading
import time

import pytest

from synthem.cli.main import main
from synthem.preset.preset import load_preset

pytestmark = pytest.mark.browser

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
SIZE = {"width": 1280, "height": 800}
VIEWS = ("tune", "compare", "blind", "fit", "surface", "leave")
SIGMA = '.control[data-path="microscope.beam.sigma_nm"]'


@pytest.fixture(scope="module")
def chromium():
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="the page is driven by playwright: pip install playwright"
    )
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--no-proxy-server"]
        )
        yield browser
        browser.close()


@pytest.fixture
def address(studio):
    """Where the studio is served, by the server that people have."""
    from synthem.studio.serve import listening, server_of

    listener = listening("127.0.0.1", 0)
    server = server_of(studio, "127.0.0.1")
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(30)
    assert not thread.is_alive(), "it ends when it is asked to"


@pytest.fixture
def opened(chromium, address, studio):
    """Return a function that opens the page; all that went wrong in it is an error of the test."""
    troubles, contexts = [], []

    def heard(said):
        if said.type == "error" and "responded with a status of 4" not in said.text:
            troubles.append(said.text)  # a refusal is an answer, which the page shows

    def asked(request):
        if not request.url.startswith((address, "blob:")):
            troubles.append(f"asked for elsewhere: {request.url}")

    def opening(scheme="light"):
        context = chromium.new_context(viewport=SIZE, color_scheme=scheme, accept_downloads=True)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", heard)
        page.on("request", asked)
        page.goto(f"{address}/?token={studio.token}")
        until(page, "document.querySelector('.caption')?.textContent.includes('ms')")
        return page

    yield opening
    for context in contexts:
        context.close()
    assert troubles == []


def until(page, expression, seconds=60):
    """Wait until an expression holds; the page's own policy forbids to evaluate text within it."""
    end = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < end, expression
        page.wait_for_timeout(15)


def picture(page):
    return page.evaluate("document.querySelector('.tune canvas').toDataURL()")


def drawn(page, do):
    """Do something and wait for the picture that comes of it."""
    page.evaluate(
        """window.wasDrawn = false;
        const drawn = () => (window.wasDrawn = true);
        document.querySelector('.tune').addEventListener('drawn', drawn, {once: true})"""
    )
    do()
    until(page, "window.wasDrawn && !document.querySelector('figure.waiting')")
    return picture(page)


def slide(page, row, value):
    page.locator(f"{row} input[type=range]").first.evaluate(
        """(slider, value) => {
            slider.value = value;
            slider.dispatchEvent(new Event('input', {bubbles: true}));
        }""",
        value,
    )


def test_a_slider_changes_the_picture_and_undo_brings_it_back(opened):
    page = opened()
    assert "token" not in page.url, "the token does not stay in the address"
    saved = picture(page)
    tuned = drawn(page, lambda: slide(page, SIGMA, 15))
    assert tuned != saved
    field, slider = (page.locator(f"{SIGMA} input[type={kind}]") for kind in ("number", "range"))
    assert field.input_value() == slider.input_value()
    assert page.locator("#changed-count").text_content() == "1"
    assert page.locator(f"{SIGMA}.changed").count() == 1
    assert drawn(page, lambda: page.keyboard.press("Control+z")) == saved
    assert page.locator("#changed-count").text_content() == "0" and page.locator("#undo").is_disabled()
    assert drawn(page, lambda: page.click("#redo")) == tuned
    assert drawn(page, lambda: page.click(f"{SIGMA} button[aria-label^=Reset]")) == saved


def test_a_slider_can_be_moved_by_keys_and_moves_fast(opened):
    page = opened()
    slider = page.locator(f"{SIGMA} input[type=range]").first
    slider.focus()
    before = float(slider.input_value())
    drawn(page, lambda: page.keyboard.press("ArrowRight"))
    assert float(slider.input_value()) > before
    times = []
    for k in range(20):
        begun = time.monotonic()
        drawn(page, lambda k=k: slide(page, SIGMA, 4 + 0.5 * k))
        times.append(1000 * (time.monotonic() - begun))
    assert sorted(times)[10] < 200


def test_after_many_moves_the_last_one_stands(opened, ask):
    page = opened()
    for k in range(60):
        slide(page, SIGMA, 3 + 0.25 * k)
    page.wait_for_timeout(1500)
    until(page, "!document.querySelector('figure.waiting')")
    last = picture(page)
    assert drawn(page, lambda: page.click(f"{SIGMA} button[aria-label^=Reset]")) != last
    drawn(page, lambda: slide(page, SIGMA, 17.75))
    assert picture(page) == last
    assert page.locator("#undo").is_enabled()


def test_the_saved_preset_shows_while_a_key_is_held(opened):
    page = opened()
    saved = picture(page)
    tuned = drawn(page, lambda: slide(page, SIGMA, 15))
    page.locator("h1").click()
    page.keyboard.down("b")
    until(page, "document.querySelector('.tune figure').classList.contains('is-saved')")
    page.wait_for_timeout(500)
    assert picture(page) == saved
    page.keyboard.up("b")
    assert picture(page) == tuned


def test_labels_stages_windows_and_objects(opened):
    page = opened()
    plain = picture(page)
    page.click("text=Labels")
    labelled = picture(page)
    assert labelled != plain
    page.click(".legend .chip[data-name=membrane]")
    assert picture(page) not in (plain, labelled)
    page.click("text=Labels")
    assert picture(page) == plain
    stain = drawn(page, lambda: page.click(".stages label:has-text('stain')"))
    assert stain != plain
    assert drawn(page, lambda: page.click("text=Next window")) != stain
    shown = drawn(page, lambda: page.click(".tools button:text-is('PSD')"))
    assert shown != stain
    assert drawn(page, lambda: page.click("[aria-label='New seed']")) != shown


def test_values_are_found_and_what_is_refused_is_said_beside_them(opened):
    page = opened()
    page.keyboard.press("/")
    page.keyboard.type("membrane gap")
    row = '.found .control[data-path="anatomy.membranes.gap_nm"]'
    drawn(page, lambda: page.fill(f"{row} input[type=number]", "22"))
    page.fill("#search", "fold")
    drawn(page, lambda: page.check(".found .switch-row input"))
    assert page.locator("#changed-count").text_content() == "2"
    page.fill("#search", "warp amplitude")
    page.fill('.found .control[data-path="anatomy.warp.amplitude_nm"] input[type=number]', "400")
    page.wait_for_selector('.refused:has-text("fold over itself")')
    page.click("#undo")
    until(page, "[...document.querySelectorAll('.refused')].every((node) => node.hidden)")
    page.fill("#search", "")
    page.click("#changed-only")
    assert page.locator(".found").count() == 2
    page.click("#reset-all")
    assert page.locator("#changed-count").text_content() == "0"


def test_one_leaves_with_a_preset_that_generate_accepts(opened, studio, tmp_path):
    page = opened()
    drawn(page, lambda: slide(page, SIGMA, 12))
    page.click("#tab-leave")
    until(page, "document.querySelector('.yaml').textContent.includes('sigma_nm: 12')")
    page.fill("section.leave input[type=text] >> nth=0", "tuned")
    with page.expect_download() as download:
        page.click("text=Download")
    assert download.value.suggested_filename.endswith(".yaml")
    file = tmp_path / "downloaded.yaml"
    download.value.save_as(file)
    assert load_preset(file).microscope.beam.sigma_nm == 12
    page.click("text=Save here")
    page.wait_for_selector(".file:has-text('tuned.yaml')")
    out = tmp_path / "patches"
    options = ["--count", "2", "--shape", "64,64", "--workers", "1"]
    assert main(["generate", str(studio.out / "tuned.yaml"), str(out), *options]) == 0
    page.fill("section.leave input[type=number] >> nth=0", "2")
    page.click("button:text-is('Generate')")
    page.wait_for_selector(".file:has-text('2 patches in')", timeout=120_000)
    assert (studio.out / "patches").is_dir()


def test_ten_crops_are_judged_blind_by_keys(opened, studio):
    page = opened()
    page.click("#tab-blind")
    page.fill(".blind input[type=text]", "ada")
    page.select_option(".blind select >> nth=0", "10")
    page.select_option(".blind select >> nth=1", "96")
    page.click("text=Start")
    for k in range(10):
        page.wait_for_selector(f".counter:has-text('Crop {k + 1} of 10')")
        page.wait_for_selector(".answer:not([disabled])")
        page.keyboard.press("ArrowLeft" if k % 2 else "ArrowRight")
    page.wait_for_selector(".result:has-text('of 10 right')")
    (file,) = studio.out.glob("blind-ada-*.json")
    told = json.loads(file.read_text(encoding="utf-8"))
    assert f"{told['right']} of 10 right" in page.locator(".result h2").text_content()
    assert [one["taken_for_real"] for one in told["answers"]] == [False, True] * 5


def test_a_fit_is_started_and_stopped(opened):
    page = opened()
    page.click("#tab-fit")
    page.click(".fit >> text=Start")
    page.wait_for_selector(".job-said:has-text('s:')")
    page.wait_for_selector(".job button:not([disabled])")
    page.click(".job >> text=Stop")
    page.wait_for_selector(".fit .card:has-text('topped')", timeout=240_000)
    page.wait_for_selector(".fit button.primary:not([disabled])")


def test_differences_and_surfaces_are_drawn(opened):
    page = opened()
    page.click("#tab-compare")
    page.wait_for_selector(".chart svg polyline")
    assert page.locator(".chart").count() == 4 and page.locator(".traits li").count() == 8
    before = page.locator(".line-ours").first.get_attribute("points")
    slide(page, SIGMA, 20)
    page.wait_for_selector(f".line-ours:not([points='{before}']) >> nth=0")
    page.wait_for_selector(".compare table >> nth=1")
    page.click("#tab-surface")
    until(page, "document.querySelector('.paper img').naturalWidth > 100")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_clipped_and_everything_has_a_name(opened, scheme, tmp_path):
    page = opened(scheme)
    for view in VIEWS:
        page.click(f"#tab-{view}")
        page.wait_for_timeout(300)
        assert page.evaluate(WIDE) == [0, 0], view
        nameless = page.evaluate(NAMELESS)
        assert nameless == [], view
        assert page.evaluate(CONTRAST) == [], view


WIDE = """[document.documentElement, document.getElementById('views')]
  .map((node) => Math.max(0, node.scrollWidth - node.clientWidth))"""
NAMELESS = """() => [...document.querySelectorAll('button, input, select')].filter((node) => {
  const said = [...(node.labels ?? [])].map((label) => label.textContent);
  for (const id of (node.getAttribute('aria-labelledby') ?? '').split(' ')) {
    said.push(document.getElementById(id)?.textContent ?? '');
  }
  said.push(node.getAttribute('aria-label') ?? '', node.tagName === 'BUTTON' ? node.textContent : '');
  return !said.join('').trim();
}).map((node) => node.outerHTML.slice(0, 120))"""
CONTRAST = """() => {
  const part = (c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  const light = (colour) => {
    const [r, g, b] = colour.map((c) => part(c / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const behind = (node) => {
    for (let n = node; n; n = n.parentElement) {
      const colour = parse(getComputedStyle(n).backgroundColor);
      if (colour.length === 3 || colour[3] > 0.99) return colour.slice(0, 3);
    }
    return [255, 255, 255];
  };
  const out = [];
  const texts = 'button, label, p, h1, h2, td, th, summary, .unit, .caption, code';
  for (const node of document.querySelectorAll(texts)) {
    const seen = node.checkVisibility() && !node.disabled && !node.closest('#status');
    if (!seen || !node.textContent.trim()) continue;
    const one = light(parse(getComputedStyle(node).color).slice(0, 3));
    const two = light(behind(node));
    const ratio = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
    if (ratio < 4.5) out.push([node.textContent.slice(0, 40), node.className, ratio.toFixed(2)]);
  }
  return out;
}"""
"""Text whose contrast is less than 4.5 to 1 (WCAG 2.2, AA)."""


def test_without_a_token_the_page_says_what_to_do(chromium, address):
    page = chromium.new_page()
    page.goto(address)
    page.wait_for_selector("text=Open the address that the terminal shows")
    page.close()
