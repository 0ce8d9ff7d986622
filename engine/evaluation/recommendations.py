"""Quality of recommendations: how much of what people chose next stands in ten items, beside what could be."""

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np

from engine.catalogue import Catalogue

TOP = 10
"""Items that are recommended where recommendations are evaluated."""
ACTIVITY = (0, 1, 5, 15, 30)
"""Fewest earlier choices of each group of people; those with none are new."""
_PARTS, _SHOWN, _LATEST = 3, 4, 8
_DISCOUNTS = 1 / np.log2(np.arange(2, TOP + 2))


class Rows(Protocol):
    """Arrays (length,) of any length, one for each person."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[np.ndarray]: ...


def best_items(scores: np.ndarray, history: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores (people, items + 1 or more) and earlier choices (people, history) -> `count` items (people, count) that were not chosen
    yet, the best first, and their scores. Where fewer are left, items are 0 and scores -inf.

    Of `scores` the first column belongs to no item.
    """
    scores = np.array(scores, np.float32)
    scores[:, 0] = -np.inf
    np.put_along_axis(scores, np.maximum(history, 0), -np.inf, axis=1)
    count = min(count, scores.shape[1])
    some = np.argpartition(-scores, count - 1, axis=1)[:, :count]
    found = np.take_along_axis(scores, some, axis=1)
    order = np.lexsort((some, -found))
    items, found = np.take_along_axis(some, order, axis=1), np.take_along_axis(found, order, axis=1)
    return np.where(np.isfinite(found), items, 0), found


def parts_of(target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Target (length,) -> the items that were chosen, and the ten best possible ones, none where they are not known."""
    return target[target > 0], -target[target < 0]


def recall_and_gain(items: np.ndarray, chosen: np.ndarray) -> tuple[float, float]:
    """Ten items (10,), the best first, and what was chosen (length,) -> recall@10 and NDCG@10.

    Recall is the share of the chosen items that stand among the ten, of ten where more were chosen.
    """
    hits = np.isin(items[:TOP], chosen)
    possible = min(TOP, len(chosen))
    if not possible:
        return 0.0, 0.0
    return float(hits.sum() / possible), float((hits * _DISCOUNTS[: len(hits)]).sum() / _DISCOUNTS[:possible].sum())


def recommendation_scores(outputs: np.ndarray, targets: Rows) -> dict[str, np.ndarray]:
    """Outputs (people, 10 or more), of which the first ten are items, -> scores (people,) by metric."""
    items = np.asarray(outputs)[:, :TOP].astype(np.int64)
    found = [recall_and_gain(row, parts_of(target)[0]) for row, target in zip(items, targets, strict=True)]
    return {name: np.array([one[place] for one in found]) for place, name in enumerate(("recall10", "ndcg10"))}


def evaluate_recommendations(outputs: np.ndarray, targets: Rows, catalogue: Catalogue) -> dict[str, Any]:
    """Return the metrics; recall by how much people had chosen before, and by how well known items are; best and worst examples.

    `outputs` (people, 2 x 10 + history): ten items, their probabilities, and what was chosen before.
    """
    items, history = outputs[:, :TOP].astype(np.int64), outputs[:, 2 * TOP :].astype(np.int64)
    scores = recommendation_scores(outputs, targets)
    named = np.unique(items[items > 0])
    metrics = {name: float(values.mean()) for name, values in scores.items()}
    metrics["item_coverage"] = len(named) / max(1, len(catalogue))
    taken, best = zip(*(parts_of(row) for row in targets), strict=True) if len(targets) else ((), ())
    possible = [recall_and_gain(told, chosen) for told, chosen in zip(best, taken, strict=True) if len(told)]
    found: dict[str, Any] = {"metrics": metrics, "people": len(items), "items": len(catalogue)}
    if possible and len(possible) == len(items):
        ideal = np.array(possible)
        found["best"] = {"recall10": float(ideal[:, 0].mean()), "ndcg10": float(ideal[:, 1].mean())}
    ideals = np.array([one[0] for one in possible]) if "best" in found else None
    found["by_activity"] = _by_activity((history != 0).sum(axis=1), scores["recall10"], ideals)
    found["by_popularity"] = _by_popularity(
        items, taken, best if ideals is not None else None, np.array(catalogue.chosen)
    )
    found["shown"] = _shown(items, history, taken, scores["recall10"], catalogue)
    return found


def _by_activity(had: np.ndarray, recall: np.ndarray, ideal: np.ndarray | None) -> list[dict[str, Any]]:
    """Return recall of people by how many choices they had made before."""
    found = []
    for low, high in zip(ACTIVITY, (*ACTIVITY[1:], np.inf), strict=True):
        inside = (had >= low) & (had < high)
        if inside.any():
            row: dict[str, Any] = {
                "from": low,
                "to": None if high == np.inf else int(high) - 1,
                "count": int(inside.sum()),
            }
            row["recall10"] = float(recall[inside].mean())
            if ideal is not None:
                row["best"] = float(ideal[inside].mean())
            found.append(row)
    return found


def _by_popularity(
    items: np.ndarray, taken: tuple[np.ndarray, ...], best: tuple[np.ndarray, ...] | None, often: np.ndarray
) -> list[dict[str, Any]]:
    """Return which share of the chosen items stood among the ten: of new items, and of thirds of the others.

    The thirds are by how often items were chosen in the training split.
    """
    chosen = np.concatenate([*taken, np.zeros(0, np.int64)]).astype(np.int64)
    if not len(chosen):
        return []
    hit = np.concatenate([np.isin(part, row) for part, row in zip(taken, items, strict=True)])
    could = np.concatenate([np.isin(part, row) for part, row in zip(taken, best, strict=True)]) if best else None
    known = np.sort(often[often > 0])
    edges = [known[len(known) * part // _PARTS] for part in range(1, _PARTS)] if len(known) else []
    group = np.where(often[chosen - 1] == 0, 0, 1 + np.searchsorted(edges, often[chosen - 1], side="right"))
    found = []
    for place, name in enumerate(("new", "rare", "middling", "popular")):
        inside = group == place
        if inside.any():
            row = {"group": name, "count": int(inside.sum()), "recall10": float(hit[inside].mean())}
            found.append(row | ({"best": float(could[inside].mean())} if could is not None else {}))
    return found


def _shown(
    items: np.ndarray, history: np.ndarray, taken: tuple[np.ndarray, ...], recall: np.ndarray, catalogue: Catalogue
) -> list[dict[str, Any]]:
    """Return the people for whom recommendations were best and worst: what they had, what was recommended, what they chose."""
    order = np.argsort(-recall, kind="stable")
    places = dict.fromkeys([*order[:_SHOWN].tolist(), *order[::-1][:_SHOWN].tolist()])
    found = []
    for place in places:
        had = history[place][history[place] != 0]
        found.append(
            {
                "recall10": float(recall[place]),
                "had": [catalogue.name(int(item)) for item in had[-_LATEST:]],
                "had_count": len(had),
                "recommended": [catalogue.name(int(item)) for item in items[place] if item > 0],
                "chosen": [catalogue.name(int(item)) for item in taken[place]],
            }
        )
    return found


def popularity(often: np.ndarray, history: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the ten items that were chosen most often, and not by these people yet, and their shares."""
    shares = np.concatenate([[0], often]) / max(1, often.sum())
    return best_items(np.tile(shares, (len(history), 1)), history, TOP)


class Neighbours:
    """Items that were chosen by the same people: cosine similarity of who chose them."""

    def __init__(self, history: np.ndarray, targets: Rows, often: np.ndarray) -> None:
        """`history` (choices, history) and `targets` are those of the training split: each pair of a person's items stands there once."""
        from scipy import sparse

        size = len(often) + 1
        next_item = np.array([row[0] for row in targets], np.int64)
        rows, places = np.nonzero(history > 0)
        pairs = (np.ones(len(rows), np.float32), (next_item[rows], history[rows, places]))
        counts = sparse.coo_matrix(pairs, (size, size)).tocsr()
        scale = sparse.diags(1 / np.sqrt(np.maximum(np.concatenate([[1], often]), 1)))
        self._similar = (scale @ (counts + counts.T) @ scale).tocsr()
        self._often = often / max(1, often.max(initial=1))

    def __call__(self, history: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Earlier choices (people, history) -> the ten items that are most similar to them all, and their similarity."""
        from scipy import sparse

        rows, places = np.nonzero(history > 0)
        ones = (np.ones(len(rows), np.float32), (rows, history[rows, places]))
        had = sparse.coo_matrix(ones, (len(history), self._similar.shape[0])).tocsr()
        scores = np.asarray((had @ self._similar).todense()) / np.maximum((history > 0).sum(axis=1), 1)[:, None]
        scores[:, 1:] += 1e-6 * self._often  # where nothing is known of somebody, what is popular
        return best_items(scores, history, TOP)
