"""Writing a text from a text, token by token: the likeliest, drawn at random, or the best of several that grow side by side.

The network is called once for the source; from then on each call is given what earlier ones have left, and one more token.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.language.sampling import choose
from engine.language.tokenizer import BEGIN, END, PADDING, UNKNOWN
from engine.language.written import told

Call = Callable[[np.ndarray, Mapping[str, np.ndarray]], Any]
"""The saved network: source ids (batch, source), and the rest of its inputs by name."""
KEPT = ("memory", "known", "past")
"""What the network returns for its next call."""
_LEAST = 1e-30


@dataclass(frozen=True)
class Way:
    """How the next token is chosen, and when to end."""

    most: int
    """Tokens after which a text ends in any case."""
    temperature: float = 0.0
    """0 takes the likeliest."""
    top_k: int = 0
    top_p: float = 1.0
    beams: int = 1
    """Texts that grow side by side, of which the likeliest is taken; with more than one nothing is drawn."""
    length_penalty: float = 0.0
    """The exponent of the length by which the logarithm of a text's probability is divided before texts are compared."""
    seed: int = 0


@dataclass(eq=False)
class Draft:
    """The text of one source as far as it has come."""

    ids: list[int]
    told: list[np.ndarray]
    """Of each token (1 + OTHERS, 2)."""
    attention: list[np.ndarray]
    """Of each token (source,)."""
    ended: bool = False
    logarithm: float = 0.0
    """Of its probability."""

    def grown(self, token: int, probabilities: np.ndarray, attention: np.ndarray) -> "Draft":
        """Return this draft with one more token; its end is no token of the text."""
        logarithm = self.logarithm + float(np.log(max(probabilities[token], _LEAST)))
        if token == END:
            return Draft(self.ids, self.told, self.attention, True, logarithm)
        return Draft(
            [*self.ids, token],
            [*self.told, told(probabilities, token)],
            [*self.attention, attention],
            False,
            logarithm,
        )


def write(call: Call, source: np.ndarray, way: Way) -> Iterator[list[Draft]]:
    """Yield after each token the draft of each row of `source` (batch, source)."""
    yield from _beams(call, source, way) if way.beams > 1 else _single(call, source, way)


def allowed(probabilities: np.ndarray) -> np.ndarray:
    """Return probabilities without those of ids that stand for no token: an unknown token cannot be written."""
    found = probabilities.copy()
    found[..., [PADDING, BEGIN, UNKNOWN]] = 0
    return found


def _begin(rows: int) -> list[Draft]:
    return [Draft([], [], []) for _ in range(rows)]


def _single(call: Call, source: np.ndarray, way: Way) -> Iterator[list[Draft]]:
    rng, drafts = np.random.default_rng(way.seed or None), _begin(len(source))
    found = call(source, {"written": _column([BEGIN] * len(source))})
    alive = np.arange(len(source))
    for count in range(1, way.most + 1):
        shares = found["probabilities"][:, -1]
        drawn = choose(allowed(shares), rng, temperature=way.temperature, top_k=way.top_k, top_p=way.top_p)
        for place, row in enumerate(alive):
            drafts[row] = drafts[row].grown(int(drawn[place]), shares[place], found["attention"][place, -1])
        yield list(drafts)
        going = np.array([not drafts[row].ended for row in alive], bool)
        if not going.any() or count == way.most:
            return
        alive = alive[going]
        found = _next(call, found, np.flatnonzero(going), drawn[going])


def _beams(call: Call, source: np.ndarray, way: Way) -> Iterator[list[Draft]]:
    """Of each source the `beams` likeliest drafts go on; those that ended compete by their probability for each token."""
    rows, beams = len(source), way.beams
    found = call(source, {"written": _column([BEGIN] * rows)})
    going: list[list[Draft]] = [[draft] for draft in _begin(rows)]
    done: list[list[Draft]] = [[] for _ in range(rows)]
    places = [[row] for row in range(rows)]  # where the network's answer for each draft stands
    for count in range(1, way.most + 1):
        kept: list[tuple[int, Draft]] = []
        for row in range(rows):
            grown = [
                (place, draft.grown(int(token), found["probabilities"][place, -1], found["attention"][place, -1]))
                for place, draft in zip(places[row], going[row], strict=True)
                for token in np.argsort(-allowed(found["probabilities"][place, -1]))[: beams + 1]
            ]
            grown.sort(key=lambda pair: -pair[1].logarithm)
            best = grown[: beams + 1]
            done[row] += [draft for _, draft in best if draft.ended]
            alive = [pair for pair in best if not pair[1].ended][:beams]
            if len(done[row]) >= beams:
                alive = []
            going[row] = [draft for _, draft in alive]
            places[row] = list(range(len(kept), len(kept) + len(alive)))
            kept += alive
        yield [_best([*done[row], *going[row]], way) for row in range(rows)]
        if not kept or count == way.most:
            return
        found = _next(call, found, np.array([place for place, _ in kept]), np.array([d.ids[-1] for _, d in kept]))


def _best(drafts: list[Draft], way: Way) -> Draft:
    """Return the likeliest of those that ended, or of all where none did."""
    ended = [draft for draft in drafts if draft.ended] or drafts
    return max(ended, key=lambda draft: draft.logarithm / (len(draft.ids) + 1) ** way.length_penalty)


def _next(call: Call, found: Any, rows: np.ndarray, tokens: np.ndarray) -> Any:
    """Call the network for one more token of those `rows` of its last answer."""
    kept = {name: _taken(found[name], rows) for name in KEPT}
    return call(np.zeros((len(rows), 0), np.int32), {"written": _column(tokens), **kept})


def _taken(kept: Any, rows: np.ndarray) -> Any:
    """Return some rows of what the network keeps; all of them as they are, which copies nothing."""
    return kept if np.array_equal(rows, np.arange(len(kept))) else np.asarray(kept)[rows]


def _column(ids: Any) -> np.ndarray:
    return np.asarray(ids, np.int32)[:, None]
