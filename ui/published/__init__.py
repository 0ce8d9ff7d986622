"""Published demos in the browser: their list, the page of one, its model card, and what its owner changes."""
