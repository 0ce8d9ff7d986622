"""Plotly charts that are changed in place: zoom and hidden traces survive each tick, which `st.plotly_chart` loses."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from ui.charts.figures import Figure, to_json
from ui.language import _
from ui.theme import theme_name

VENDOR_PATH = "/vendor/plotly"
"""URL under which the app serves VENDOR_FOLDER."""
VENDOR_FOLDER = Path(__file__).resolve().parents[1] / "vendor" / "plotly"
"""The part of Plotly that the charts need; `scripts/plotly` builds it. Its name changes with its content."""
_PLOTLY = next(VENDOR_FOLDER.glob("plotly.*.js")).name
_CSS = """
.live-plots { container-type: inline-size; }
.live-plots > div { display: grid; grid-template-columns: repeat(6, minmax(0, 1fr)); gap: 0.5rem 1rem; }
.live-plot { grid-column: span 6; }
@container (min-width: 640px) {
  .live-plot.half { grid-column: span 3; }
  .live-plot.third { grid-column: span 2; }
}
"""
# Streamlit calls the function at each change of `data` and the returned one at unmount. The text is trusted code:
# whatever people wrote reaches it as JSON in `data` only. All charts of a board are one component, because a tick
# costs the server by elements and not by bytes.
_JS = """
let loading = null;
const load = (src) => window.Plotly ? Promise.resolve() : (loading ??= new Promise((done, fail) => {
  const script = document.createElement('script');
  script.src = src;
  script.onload = done;
  script.onerror = () => { loading = null; fail(new Error('cannot load ' + src)); };
  document.head.appendChild(script);
}));
const config = {
  displaylogo: false, responsive: false, displayModeBar: 'hover',
  modeBarButtonsToRemove: [
    'select2d', 'lasso2d', 'zoomIn2d', 'zoomOut2d', 'autoScale2d', 'sendChartToCloud', 'sendDataToCloud',
  ],
};
const TOOLBAR = 30;

// The toolbar lies in the margin above the plot, where it covers nothing. A chart that cannot be zoomed needs none.
function dressed({ layout }, filename) {
  if (layout.xaxis?.fixedrange && layout.yaxis?.fixedrange) return [layout, { ...config, displayModeBar: false }];
  const top = Math.max(layout.margin?.t ?? 0, TOOLBAR);
  const saved = { format: 'png', scale: 2, filename };
  return [{ ...layout, margin: { ...layout.margin, t: top } }, { ...config, toImageButtonOptions: saved }];
}

function place(board, chart, i) {
  let plot = [...board.children].find((child) => child.dataset.name === chart.name);
  if (!plot) {
    plot = document.createElement('div');
    plot.dataset.name = chart.name;
    plot.setAttribute('role', 'figure'); // not img: nobody could reach the buttons of a picture's toolbar
  }
  if (board.children[i] !== plot) board.insertBefore(plot, board.children[i] ?? null);
  plot.classList.add('live-plot', chart.width);
  plot.style.height = `${chart.height}px`;
  plot.setAttribute('aria-label', chart.label);
  return plot;
}

// A click on a point tells the server what stands in its `customdata`. One listener a plot, which asks the newest answer.
function listen(plot, answer) {
  plot.answer = answer;
  if (plot.listens) return;
  plot.listens = true;
  plot.on('plotly_click', (click) => {
    const meant = click.points.map((point) => point.customdata).find(Number.isInteger);
    if (meant !== undefined) plot.answer('clicked', meant);
  });
}

function draw(plot, chart, data, answer) {
  plot.wanted = chart.spec;
  if (plot.drawn === chart.spec) return;
  load(data.src).then(() => {
    if (plot.wanted !== chart.spec) return null;
    if (plot.failed) plot.textContent = '';
    plot.failed = false;
    const figure = JSON.parse(chart.spec);
    plot.drawn = chart.spec;
    return window.Plotly.react(plot, figure.data, ...dressed(figure, chart.name));
  }).then((drawn) => {
    if (!drawn || !plot.wanted) return;
    if (chart.step !== null) plot.dataset.step = chart.step;
    plot.querySelectorAll('.main-svg').forEach((svg) => svg.setAttribute('aria-hidden', 'true')); // the label is read
    listen(plot, answer);
    plot.watcher ??= new ResizeObserver(() => {
      if (plot.offsetParent && plot.data) window.Plotly.Plots.resize(plot);
    });
    plot.watcher.observe(plot);
  }).catch((error) => {
    if (window.Plotly) { // most likely it was purged while it was drawn, as when the theme changes: the next one draws it
      console.warn(error);
      plot.drawn = null;
      return;
    }
    plot.textContent = data.failed;
    plot.failed = true;
    console.error(error);
  });
}

// A page in another theme needs other colours, and Streamlit draws nothing anew for that: the board asks for it. An answer that
// was under way still has the old colours, so that it asks again, each time later, since a busy server may have several under
// way; a few times at most, since a theme may have no name here.
const ASKED_AT_MOST = 6;
function follow(board, theme, ask) {
  const app = document.querySelector('[data-testid=stApp]');
  Object.assign(board, { theme, ask });
  if (!app) return;
  const compare = () => {
    const shown = getComputedStyle(app).colorScheme;
    if (board.shown !== shown || board.theme === shown) Object.assign(board, { shown, asked: 0 });
    if (!board.children.length || board.theme === shown || board.waiting || board.asked >= ASKED_AT_MOST) return;
    board.asked += 1;
    board.ask('themed', `${shown} ${board.asked}`);
    board.waiting = setTimeout(() => { board.waiting = null; compare(); }, 250 * 2 ** board.asked);
  };
  if (board.follower) return compare();
  board.shown = getComputedStyle(app).colorScheme;
  board.asked = 0;
  board.follower = new MutationObserver(compare);
  board.follower.observe(app, { attributes: true, attributeFilter: ['class'] });
}

function clear(plot) {
  plot.wanted = plot.drawn = null;
  plot.listens = false;
  plot.watcher?.disconnect();
  plot.watcher = null;
  if (window.Plotly) window.Plotly.purge(plot);
}

export default function ({ data, parentElement, setTriggerValue }) {
  load(data.src).catch(console.error);
  const board = parentElement.querySelector('.live-plots > div');
  data.charts.forEach((chart, i) => draw(place(board, chart, i), chart, data, setTriggerValue));
  [...board.children].slice(data.charts.length).forEach((plot) => { clear(plot); plot.remove(); });
  follow(board, data.theme, setTriggerValue);
  return () => {
    [...board.children].forEach(clear);
    board.follower?.disconnect();
    clearTimeout(board.waiting);
    board.waiting = null;
    board.follower = null;
  };
}
"""
_mount = st.components.v2.component(
    "trainyard_live_plot",
    html="<div class='live-plots'><div></div></div>",
    css=_CSS,
    js=_JS,
    isolate_styles=False,  # Plotly adds its own style sheet to the document's head
)


@dataclass(frozen=True)
class Chart:
    """One chart of a board: the Plotly figure `spec` as JSON, and what stands around it.

    `label` is read aloud in place of the picture. `step` becomes the attribute `data-step` once the figure is drawn,
    so that a test can tell how fresh it is; None: it has no values yet. `width` is "full", "half" or "third" of the board,
    "full" on a phone.
    """

    name: str
    spec: str
    label: str
    height: int = 320
    width: str = "full"
    step: int | None = 0


def preload() -> None:
    """Have the browser load Plotly before there is anything to draw, so that a run's first point need not wait for it."""
    live_plots([], key="preload")


def live_plots(charts: Sequence[Chart], *, key: str, failed: str = "") -> int | None:
    """Draw the charts and change those in place that differ at the next run.

    `failed`, or a sentence about it, stands where a chart should be when the browser cannot load Plotly. Returns the
    `customdata` of a point that somebody has just clicked, where that is a whole number.
    """
    failed = failed or _("The chart cannot be drawn: the browser could not load Plotly from this server.")
    told = _mount(
        key=key, data=board_data(charts, failed=failed), on_clicked_change=_nothing, on_themed_change=_nothing
    )
    clicked = told.get("clicked")
    return clicked if isinstance(clicked, int) else None


def _nothing() -> None:
    """Do nothing: what the browser reports is read where the board is drawn."""


def live_plot(spec: str, *, key: str, label: str, failed: str = "", height: int = 320, step: int = 0) -> None:
    """A board of one chart."""
    live_plots([Chart(key, spec, label, height, step=step)], key=key, failed=failed)


def still_plot(figure: Figure, key: str, label: str, height: int) -> None:
    """A board of one figure that does not change any more."""
    live_plot(to_json(figure), key=key, label=label, height=height)


def board_data(charts: Sequence[Chart], *, failed: str) -> dict[str, Any]:
    """Return the data for the browser."""
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return {
        "src": f"{f'/{base}' if base else ''}{VENDOR_PATH}/{_PLOTLY}",
        "failed": failed,
        "theme": theme_name(),
        "charts": [asdict(chart) for chart in charts],
    }
