// The kinds of traces that Trainyard draws; `scatter` is always part of the core. Add one here, then run build.mjs.
const Plotly = require('plotly.js/lib/core');

Plotly.register([
  require('plotly.js/lib/bar'),
  require('plotly.js/lib/contour'),
  require('plotly.js/lib/heatmap'),
  require('plotly.js/lib/parcoords'),
]);

module.exports = Plotly;
