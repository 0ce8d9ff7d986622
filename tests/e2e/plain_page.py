"""A page that shows planted names in every kind of place: run by a browser test."""

import json
import os

import streamlit as st

from ui.charts.figures import plain_layout, short_names
from ui.plain import chart_text, plain_label, plain_text
from ui.theme import THEMES

names = json.loads(os.environ["PLANTED"])
for i, name in enumerate(names):
    with st.container(key=f"name-{i}"):
        st.markdown(plain_label(name))
        st.caption(plain_label(name), help=plain_label(name))
        st.metric(plain_label(name), plain_label(name), plain_label(name))
        st.radio(plain_label(name), [name], format_func=plain_label, key=f"radio-{i}")
        st.button(plain_label(name), key=f"button-{i}")
        st.checkbox(plain_label(name), key=f"checkbox-{i}")
        st.error(plain_label(name), icon=":material/error:")
        st.tabs([plain_label(name)])
st.multiselect("multiselect", names, default=names, format_func=plain_text, key="chosen")
texts = short_names(names)
st.plotly_chart(
    {
        "data": [
            {
                "type": "bar",
                "orientation": "h",
                "x": [1] * len(texts),
                "y": texts,
                "text": texts,
                "textposition": "inside",
            }
        ],
        "layout": plain_layout(THEMES["light"])
        | {
            "height": 30 * len(texts),
            "title": {"text": chart_text(names[0])},
            "yaxis": {"type": "category", "automargin": True, "tickmode": "linear", "autorange": "reversed"},
            "xaxis": {"title": {"text": chart_text(names[2])}},
        },
    },
    key="chart",
)
