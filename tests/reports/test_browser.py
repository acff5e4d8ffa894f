"""The page as a browser shows it: what is above the fold, what overflows, what is fetched, what can be read.

Playwright's own browser is not needed: any chromium on the path does, and without one the tests are skipped.
"""

import shutil

import pytest
from tests.reports import export_samples as grounded
from tests.reports import outlook_samples as outlooks
from tests.reports import verdict_samples as samples

from holdfast.reports.html import render

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed; see the dev group")

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the path; install Debian's 'chromium' package"),
]

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PAGES = {
    "broken": lambda: [samples.verdict(assumptions=samples.with_assumptions())],
    "void": lambda: [samples.empty()],
    "five": samples.five,
    "hostile": lambda: [samples.hostile()],
    "extreme": lambda: [samples.extreme()],
    "outlook": lambda: [outlooks.outlook()],
    "eleven": outlooks.eleven,
    "grounded": lambda: [grounded.explained()],
}
WIDTHS = (390, 1280)

# every text's contrast against the nearest painted background, as WCAG 2.1 computes it; the lowest comes first
CONTRAST = """() => {
  const channel = v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = c => 0.2126 * channel(c[0]) + 0.7152 * channel(c[1]) + 0.0722 * channel(c[2]);
  const parse = text => text.match(/[\\d.]+/g).map(Number);
  const behind = node => {
    for (let e = node; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c.length < 4 || c[3] > 0) return c;
    }
    return [255, 255, 255];
  };
  const out = [];
  for (const e of document.querySelectorAll('.page *')) {
    const own = [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
    if (!own || ['title', 'desc', 'style'].includes(e.tagName.toLowerCase())) continue;
    const style = getComputedStyle(e);
    const ink = parse(e instanceof SVGElement ? style.fill : style.color);
    const pair = [light(ink), light(behind(e))].sort((a, b) => b - a);
    out.push([(pair[0] + 0.05) / (pair[1] + 0.05), e.textContent.trim().slice(0, 40)]);
  }
  return out.sort((a, b) => a[0] - b[0]);
}"""


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def opened(browser, tmp_path):
    """Opens a page from a file; whatever it logs or fetches besides itself is in `.complaints`."""
    contexts = []

    def open_page(name, width=1280, **options):
        file = tmp_path / f"{name}.html"
        file.write_text(render(PAGES[name]()), encoding="utf-8")
        context = browser.new_context(viewport={"width": width, "height": 900}, offline=True, **options)
        contexts.append(context)
        page = context.new_page()
        page.complaints = []
        page.on("console", lambda message: page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("dialog", lambda dialog: page.complaints.append(dialog.message))
        page.on("request", lambda request: page.complaints.append(request.url))
        page.goto(file.as_uri())
        assert page.complaints.pop(0) == file.as_uri()
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_no_errors_no_requests_and_nothing_overflows(opened, name, width):
    page = opened(name, width)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.documentElement.scrollHeight") > 500
    assert page.complaints == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["broken", "void"])
def test_verdict_and_reason_are_above_the_fold(opened, name, width):
    page = opened(name, width)
    for selector in (".hero .verdict", ".hero .sentence"):
        box = page.locator(selector).bounding_box()
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= 900
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    assert page.locator(".hero .verdict").inner_text().endswith(PAGES[name]()[0].verdict)


def test_all_verdicts_of_a_page_about_several_claims_are_above_the_fold(opened):
    page = opened("five")
    words = page.locator("main > .scroll .verdict")
    assert words.count() == 5
    assert all(box["y"] + box["height"] <= 900 for box in (words.nth(i).bounding_box() for i in range(5)))


@pytest.mark.parametrize("width", WIDTHS)
def test_charts_are_there_and_show_something(opened, width):
    page = opened("broken", width)
    charts = page.locator("svg.chart")
    assert charts.count() == 2
    for index in range(2):
        chart = charts.nth(index)
        box = chart.bounding_box()
        assert box["width"] > 250
        assert box["height"] > 150
        drawn = chart.evaluate(
            """svg => [...svg.querySelectorAll('path, use')]
              .filter(e => getComputedStyle(e).stroke !== 'none' && e.getBoundingClientRect().width > 2).length"""
        )
        assert drawn > 30
        # the page's colours reached the chart: a line is blue, not black or nothing
        assert chart.evaluate("svg => getComputedStyle(svg.querySelector('[style*=series-0]')).stroke || ''") != ""
        smallest = chart.evaluate(
            """svg => Math.min(...[...svg.querySelectorAll('text')].map(text =>
              parseFloat(getComputedStyle(text).fontSize)))
              * svg.getBoundingClientRect().width / svg.viewBox.baseVal.width"""
        )
        assert smallest >= 8.5  # pixels, also on a phone


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["broken", "void", "five", "outlook", "eleven"])
def test_every_text_can_be_read(opened, name, scheme):
    page = opened(name, color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    ratios = page.evaluate(CONTRAST)
    assert len(ratios) > 40
    assert ratios[0][0] >= 4.5, ratios[:5]
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    dark = sum(int(part) for part in background.removeprefix("rgb(").rstrip(")").split(",")) < 3 * 64
    assert dark == (scheme == "dark")


def test_printing_keeps_the_verdict_and_the_commands(opened):
    page = opened("broken")
    page.emulate_media(media="print", color_scheme="dark")
    page.set_viewport_size({"width": 720, "height": 1000})  # A4 between its margins
    assert page.evaluate("document.documentElement.scrollWidth") <= 720
    assert page.locator(".turns .won").first.is_visible()  # what stays folded cannot be opened on paper
    assert page.locator(".hero .verdict").is_visible()
    assert page.locator(".command").first.is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(20, 22, 26)"


def test_the_matrix_fits_a_desktop_and_its_cells_stand_out_by_colour(opened):
    page = opened("eleven")
    region = page.get_by_role("region", name="Attacks against claims")
    assert region.evaluate("e => e.scrollWidth <= e.clientWidth")
    painted = page.evaluate(
        "[0, 4].map(h => getComputedStyle(document.querySelector(`td.heat-${h}`)).backgroundColor)"
    )
    assert painted[0] != painted[1]
    turned = page.locator(".turned span").first.bounding_box()
    assert turned["height"] > turned["width"]       # upright names, so that the columns stay narrow


def test_wide_tables_scroll_inside_themselves(opened):
    page = opened("extreme", 390)
    regions = page.locator(".scroll")
    inner = regions.evaluate_all("all => all.map(e => [e.scrollWidth, e.clientWidth])")
    assert any(scroll > client for scroll, client in inner)


def test_links_lead_to_their_claims(opened):
    page = opened("five")
    page.locator("a", has_text="no-op-under-query").click()
    box = page.locator("#claim-4 .hero .verdict").bounding_box()
    assert 0 <= box["y"] <= 900
