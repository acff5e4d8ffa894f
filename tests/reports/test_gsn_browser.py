"""The picture of the argument as a browser shows it: what it fetches, and whether text stays inside its shape."""

import pytest
from tests.reports.export_samples import SETS
from tests.reports.test_browser import ARGUMENTS, CHROMIUM

from holdfast.reports.gsn_svg import gsn_svg

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed; see the dev group")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the path; install Debian's 'chromium' package"),
]

# texts that leave their shape: for an ellipse, those of which a corner is outside
OUTSIDE = """() => {
  const out = [];
  for (const g of document.querySelectorAll('.element')) {
    const shape = g.querySelector('.shape'), box = shape.getBBox();
    const round = shape.tagName === 'ellipse';
    for (const t of g.querySelectorAll('text')) {
      const b = t.getBBox(), letter = t.textContent.length === 1;
      const corners = [[b.x, b.y], [b.x + b.width, b.y], [b.x, b.y + b.height], [b.x + b.width, b.y + b.height]];
      const inside = ([x, y]) => round
        ? ((x - box.x - box.width / 2) / (box.width / 2 + 2)) ** 2
          + ((y - box.y - box.height / 2) / (box.height / 2 + 2)) ** 2 <= 1
        : x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height;
      if (!letter && !corners.every(inside)) out.push(g.dataset.id + ': ' + t.textContent);
    }
  }
  return out;
}"""


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.mark.parametrize("name", SETS)
def test_text_stays_inside_and_nothing_is_fetched(browser, tmp_path, name):
    file = tmp_path / "argument.svg"
    file.write_text(gsn_svg(SETS[name]()), encoding="utf-8")
    context = browser.new_context(offline=True)
    page = context.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: asked.append(message.text))
    page.on("dialog", lambda dialog: asked.append(dialog.message))
    page.goto(file.as_uri())
    assert asked == [file.as_uri()]
    assert page.evaluate("document.querySelectorAll('.element').length") > 0
    assert page.evaluate("document.querySelector('parsererror')") is None
    assert page.evaluate(OUTSIDE) == []
    context.close()
