"""A Plotly chart that is changed in place: zoom and hidden traces survive each tick, which `st.plotly_chart` loses."""

from typing import Any

import streamlit as st

VENDOR_PATH = "/vendor/plotly"
"""Where the app serves the folder with plotly.min.js."""
_CSS = """
.live-plot { width: 100%; }
.live-plot .modebar { opacity: 0.75; }
"""
# Streamlit calls the function at each change of `data` and the returned one at unmount. The text is trusted code:
# whatever people wrote reaches it as JSON in `data` only.
_JS = """
let loading = null;
const load = (src) => window.Plotly ? Promise.resolve() : (loading ??= new Promise((done, fail) => {
  const script = document.createElement('script');
  script.src = src;
  script.onload = done;
  script.onerror = () => { loading = null; fail(new Error('cannot load ' + src)); };
  document.head.appendChild(script);
}));

export default function ({ data, parentElement }) {
  const plot = parentElement.querySelector('.live-plot');
  plot.setAttribute('role', 'img');
  plot.setAttribute('aria-label', data.label);
  plot.style.height = `${data.height}px`;
  plot.gone = false;
  plot.wanted = data.spec;
  if (plot.drawn !== data.spec) {
    load(data.src).then(() => {
      if (plot.gone || plot.wanted !== data.spec) return null;
      const figure = JSON.parse(data.spec);
      plot.drawn = data.spec;
      return window.Plotly.react(plot, figure.data, figure.layout, data.config);
    }).then((drawn) => {
      if (!drawn || plot.gone) return;
      plot.dataset.step = data.step;
      plot.watcher ??= new ResizeObserver(() => {
        if (plot.offsetParent && plot.data) window.Plotly.Plots.resize(plot);
      });
      plot.watcher.observe(plot);
    }).catch((error) => { plot.textContent = data.failed; console.error(error); });
  }
  return () => {
    plot.gone = true;
    plot.drawn = null;
    plot.watcher?.disconnect();
    plot.watcher = null;
    if (window.Plotly) window.Plotly.purge(plot);
  };
}
"""
_mount = st.components.v2.component(
    "trainyard_live_plot",
    html="<div class='live-plot'></div>",
    css=_CSS,
    js=_JS,
    isolate_styles=False,  # Plotly adds its own style sheet to the document's head
)


def live_plot(spec: str, *, key: str, label: str, failed: str, height: int = 320, step: int = 0) -> None:
    """Draw the Plotly figure `spec` (JSON) and change it in place when it differs at the next run.

    `label` is read aloud in place of the picture; `failed` stands there when Plotly cannot be loaded. `step` becomes
    the attribute `data-step` once the figure is drawn, so that a test can tell how fresh it is.
    """
    _mount(key=key, data=plot_data(spec, label=label, failed=failed, height=height, step=step))


def plot_data(spec: str, *, label: str, failed: str, height: int, step: int) -> dict[str, Any]:
    """What the browser is given for one chart."""
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return {
        "src": f"{f'/{base}' if base else ''}{VENDOR_PATH}/plotly.min.js",
        "spec": spec,
        "label": label,
        "failed": failed,
        "height": height,
        "step": step,
        "config": {
            "displaylogo": False,
            "responsive": False,
            "displayModeBar": "hover",
            "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"],
        },
    }
