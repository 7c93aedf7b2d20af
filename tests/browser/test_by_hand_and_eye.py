"""Every view in a real JupyterLab for those who use keys alone, a screen reader, less motion, or need contrast."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.views.runs import programs

VIEWS = ("RadixTree", "CacheStats", "Timeline", "Tokens", "FSM", "Dashboard")

CONTROLS = """root => [...root.querySelectorAll('button, select, input, [tabindex="0"]')]
  .filter(e => e.checkVisibility({visibilityProperty: true}))
  .map(e => ({name: e.getAttribute('aria-label') || e.textContent.trim() || (e.labels?.[0]?.textContent ?? '')}))"""

FOCUSED = """root => { const e = document.activeElement; if (!root.contains(e)) return null;
  const name = e.getAttribute('aria-label') || e.textContent.trim() || (e.labels?.[0]?.textContent ?? '');
  return {name, ring: getComputedStyle(e).outlineStyle !== 'none' && parseFloat(getComputedStyle(e).outlineWidth) >= 2}; }"""

INSIDE = """root => { const [help, box] = [root.querySelector('.sgb-help').getBoundingClientRect(), root.getBoundingClientRect()];
  const items = [...root.querySelectorAll('.sgb-help dt, .sgb-help dd')].map(e => e.getBoundingClientRect());
  const within = r => r.left >= box.left && r.right <= box.right && r.top >= box.top && r.bottom <= box.bottom;
  return help.width > 0 && within(help) && items.every(within); }"""

# Contrast by WCAG 2.2 of two colours as the page computes them, each laid over the view's ground.
CONTRAST = """(root, pairs) => {
  const pen = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const style = getComputedStyle(root);
  const rgb = name => { pen.fillStyle = style.getPropertyValue('--sgb-surface'); pen.fillRect(0, 0, 1, 1);
    pen.fillStyle = style.getPropertyValue(`--sgb-${name}`).trim(); pen.fillRect(0, 0, 1, 1);
    return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3); };
  const light = name => { const [r, g, b] = rgb(name).map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  return pairs.map(([a, b]) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); });
}"""

TEXT = [
    ("text", "surface"),
    ("text", "raised"),
    ("dim", "surface"),
    ("dim", "raised"),
    ("dim", "none-fill"),
    ("dim", "new-fill"),
    ("dim", "hit-fill"),
    ("dim", "gone-fill"),
    ("text", "new-fill"),
    ("text", "hit-fill"),
    ("text", "gone-fill"),
    ("locked-text", "locked"),
    ("o-cached", "surface"),
    ("new-edge", "surface"),
    ("gone-edge", "surface"),
]
"""Words and what they stand on: 4.5 to 1 at least (WCAG 2.2, 1.4.3)."""

SHAPES = [
    ("new-edge", "new-fill"),
    ("hit-edge", "hit-fill"),
    ("gone-edge", "gone-fill"),
    ("accent", "surface"),
    ("used", "surface"),
    ("o-cached", "surface"),
    ("o-decoded", "surface"),
    ("o-jumped", "surface"),
    ("o-selected", "surface"),
]
"""Shapes that tell something: 3 to 1 at least (1.4.11). Amber, the colour of computed text, always has a second sign."""


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording of programs with forks under a small pool."""
    trace, _, _ = programs(3)
    return trace.save(tmp_path_factory.mktemp("run") / "run.sgtrace")


@pytest.fixture(params=VIEWS)
def view(request: pytest.FixtureRequest, browser: Any, recording: Path) -> tuple[Any, Any]:
    """A notebook that plays the recording in a view, and the view."""
    name = request.param
    notebook = browser.notebook(f"from sgbench.widgets import {name}\n{name}({str(recording)!r})")
    notebook.run_all()
    assert notebook.failures() == []
    notebook.wait_widget("seq > 0", name=name)
    widget = notebook.widget(name)
    widget.scroll_into_view_if_needed()
    return notebook, widget


def test_keys_a_screen_reader_and_less_motion(view: tuple[Any, Any]) -> None:
    _has_names(view[1])
    _is_reached_and_worked_by_keys(*view)
    _lists_its_keys_within_itself(*view)
    _holds_still(*view)


def _is_reached_and_worked_by_keys(notebook: Any, widget: Any) -> None:
    name = widget.get_attribute("data-sgb-widget")
    press = notebook.page.keyboard.press
    controls = widget.evaluate(CONTROLS)
    assert all(control["name"] for control in controls), controls
    assert {"Play (space)", "Position in time", "Speed", "Keys (?)"} <= {control["name"] for control in controls}

    widget.locator("[tabindex='0']").first.focus()
    reached = []
    for _ in range(len(controls) + 2):
        focused = widget.evaluate(FOCUSED)
        if focused is None:
            break
        assert focused["ring"], f"{focused['name']}: nothing shows where the keys go"
        reached.append(focused["name"])
        press("Tab")
    assert sorted(reached) == sorted(control["name"] for control in controls)

    last = int(widget.get_attribute("data-sgb-seq"))
    widget.locator("[tabindex='0']").first.focus()
    press("Home")
    notebook.wait_widget("seq === -1", name=name)
    press("]")
    notebook.wait_widget("seq > -1", name=name)
    press("}")
    press("End")
    notebook.wait_widget(f"seq === {last}", name=name)
    slider = widget.get_by_role("slider", name="Position in time")
    slider.focus()
    press("ArrowLeft")
    notebook.wait_widget(f"seq < {last}", name=name)
    assert slider.get_attribute("aria-valuetext").startswith("event ")
    assert len(notebook.cells()) == 1  # no key reached the notebook's own shortcuts


def _lists_its_keys_within_itself(notebook: Any, widget: Any) -> None:
    widget.locator("[tabindex='0']").first.focus()
    notebook.page.keyboard.press("?")
    assert widget.evaluate(INSIDE)
    notebook.page.keyboard.press("?")
    assert not widget.locator(".sgb-help").is_visible()


def _has_names(widget: Any) -> None:
    """Each part has a role and a name, and what is drawn is said."""
    roles = widget.evaluate("root => [...root.querySelectorAll('[role]')].map(e => e.getAttribute('role'))")
    assert set(roles) & {"tree", "listbox"}
    for role in ("tree", "listbox", "img", "group"):
        for part in widget.locator(f"[role={role}]").all():
            assert part.get_attribute("aria-label")
    assert widget.locator("canvas:not([aria-hidden=true])").count() == 0  # what is drawn is said elsewhere
    assert widget.locator("section").count() == widget.locator("section[aria-label]").count()
    assert widget.locator("[aria-live=polite]").count() == 1


def _holds_still(notebook: Any, widget: Any) -> None:
    """Where the reader asks for less motion, nothing moves by itself."""
    name = widget.get_attribute("data-sgb-widget")
    page = notebook.page
    page.emulate_media(reduced_motion="reduce")
    try:
        widget.locator("[tabindex='0']").first.focus()
        page.keyboard.press("Home")
        notebook.wait_widget("seq === -1", name=name)
        page.keyboard.press("End")
        notebook.wait_widget("seq > 0", name=name)
        moving = "root => root.getAnimations({subtree: true}).filter(a => a.playState === 'running').length"
        assert widget.evaluate(moving) == 0
    finally:
        page.emulate_media(reduced_motion="no-preference")


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_words_and_shapes_have_contrast(browser: Any, recording: Path, theme: str) -> None:
    notebook = browser.notebook(f"from sgbench.widgets import RadixTree\nRadixTree({str(recording)!r})")
    notebook.run_all()
    notebook.wait_widget("seq > 0")
    try:
        browser.theme(theme)
        for pairs, least in ((TEXT, 4.5), (SHAPES, 3.0)):
            found = notebook.widget().evaluate(CONTRAST, [list(pair) for pair in pairs])
            poor = {pair: round(ratio, 2) for pair, ratio in zip(pairs, found, strict=True) if ratio < least}
            assert poor == {}
    finally:
        browser.theme("JupyterLab Light")
