"""The baseline in words: what it is, what it reaches, and whether the network is better."""

from collections.abc import Mapping, Sequence
from typing import Any

from engine.baselines.names import title_of
from engine.evaluation import contrary, deciding_metric, gain
from engine.sentences import from_json
from ui.class_names import class_name
from ui.language import _
from ui.sentences import said_plain
from ui.words import is_share, metric_text, metric_word


def baseline_title(name: str) -> str:
    """The words for a method, in the viewer's language where they are known."""
    return said_plain(title_of(name))


def baseline_sentence(evaluated: Mapping[str, Any], objective: str, shown: Sequence[str] = ()) -> str:
    """Return the baseline on one evaluated split, beside the network; "" for a run from before there were baselines.

    The objective's metric gives the verdict. One of the metrics `shown` beside it that says the opposite is named.
    """
    baseline = evaluated.get("baseline") or {}
    if baseline.get("problem"):
        return _("There is no baseline for this dataset. {problem}").format(
            problem=said_plain(from_json(baseline["problem"]))
        )
    if not baseline.get("metrics"):
        return ""
    metric = deciding_metric(objective, baseline["metrics"])
    other, value = baseline["metrics"][metric], evaluated["metrics"].get(metric)
    words = {
        "name": baseline_title(baseline["name"]),
        "metric": metric_word(metric),
        "value": metric_text(metric, other),
    }
    if value is None:
        return _("Baseline: {name}, {metric} {value}.").format(**words)
    better = gain(metric, value, other)
    verdict = _verdict(better, metric).format(**words, amount=_amount(abs(better), metric))
    second = contrary(metric, shown, evaluated["metrics"], baseline["metrics"])
    told = _other_verdict(second, evaluated, baseline) if second else ""
    return verdict + told + _others(baseline, metric) + _reservations(baseline)


def _other_verdict(metric: str, evaluated: Mapping[str, Any], baseline: Mapping[str, Any]) -> str:
    """The figure of another metric that says the opposite."""
    return " " + _("By {metric} it is the other way round: {value} against {other}.").format(
        metric=metric_word(metric),
        value=metric_text(metric, evaluated["metrics"][metric]),
        other=metric_text(metric, baseline["metrics"][metric]),
    )


def _others(baseline: Mapping[str, Any], metric: str) -> str:
    """What the other methods reach that were tried."""
    found = [
        f"{baseline_title(name)} {metric_text(metric, metrics[metric])}"
        for name, metrics in (baseline.get("others") or {}).items()
        if metric in metrics
    ]
    return " " + _("Others: {methods}.").format(methods=", ".join(found)) if found else ""


def _verdict(better: float, metric: str) -> str:
    if better > 0:
        return _("Baseline: {name}, {metric} {value}. The model is {amount} better.")
    if better < 0:
        return _("Baseline: {name}, {metric} {value}. The model is not better: it is {amount} worse.")
    return _("Baseline: {name}, {metric} {value}. The model is not better: it reaches the same.")


def _amount(difference: float, metric: str) -> str:
    if is_share(metric):
        return _("{points:.1f} points").format(points=100 * difference)
    return metric_text(metric, difference)


def _reservations(baseline: Mapping[str, Any]) -> str:
    """Return why the baseline is weaker than it might be."""
    found = ""
    if baseline["num_examples"] < baseline["num_available"]:
        found += " " + _("The baseline was fitted on only {count:,} of {all:,} training examples.").format(
            count=baseline["num_examples"], all=baseline["num_available"]
        )
    if not baseline["complete"]:
        found += " " + _("The search for it was cut short by the time limit.")
    return found


def guess_sentence(evaluated: Mapping[str, Any], dataset: str = "") -> str:
    """A warning where the network is not better than one answer to everything, which may be a class of the dataset; or ""."""
    guess = evaluated.get("guess") or {}
    if not guess.get("no_worse"):
        return ""
    metric = guess["metric"]
    return _(
        "The model is not better than always answering “{answer}”: {metric} {value}. It has not "
        "learned anything useful."
    ).format(
        answer=class_name(dataset, guess["answer"]),
        metric=metric_word(metric),
        value=metric_text(metric, guess["metrics"][metric]),
    )
