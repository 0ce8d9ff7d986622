"""Words that Streamlit's own widgets write, which take no other: a script puts those of another language in their place."""

import json
from collections.abc import Mapping

_STOP = "window.streamlitWords?.disconnect();\n"
# React writes a text anew only when it has changed, so what stands here stays until then, and is looked at again after it.
_SCRIPT = """
{ const words = WORDS, perFile = PER_FILE, help = HELP;
const translate = () => {
  document.querySelectorAll('[data-testid=stFileUploader], [data-testid=stCameraInput]').forEach((place) => {
    const texts = document.createTreeWalker(place, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const text = texts.currentNode, found = words[text.data.trim()];
      if (found) text.data = found;
      const size = /^(\\S+) per file/.exec(text.data);
      if (size) text.data = perFile.replace('{size}', size[1]) + text.data.slice(size[0].length);
    }
  });
  document.querySelectorAll('[aria-label^="Help for "]').forEach((button) => button.setAttribute(
    'aria-label', help.replace('{label}', button.getAttribute('aria-label').slice(9))));
};
let waiting = false;
window.streamlitWords = new MutationObserver(() => {
  if (waiting) return;
  waiting = true;
  setTimeout(() => { waiting = false; translate(); }, 200);
});
window.streamlitWords.observe(document.body, { childList: true, subtree: true, characterData: true });
translate(); }
"""


def words_script(words: Mapping[str, str], per_file: str, help_for: str) -> str:
    """Return the script for a language: what stands for each of Streamlit's `words`, for "200MB per file", with {size}, and
    for "Help for Epochs", with {label}. Where that is English, it only ends the script of another language."""
    if all(word == other for word, other in words.items()):
        return _STOP
    script = _SCRIPT.replace("PER_FILE", json.dumps(per_file), 1).replace("HELP", json.dumps(help_for), 1)
    return _STOP + script.replace("WORDS", json.dumps(dict(words)), 1)
