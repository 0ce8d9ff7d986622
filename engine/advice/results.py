"""Rules over an evaluation: the result, the baseline, the constant answer, the most confused classes, the typical error."""

from collections.abc import Iterator, Mapping
from typing import Any

from engine.advice.evidence import Evidence, figure
from engine.advice.findings import Finding, Severity
from engine.evaluation import contrary, deciding_metric, gain
from engine.metrics import metric_named
from engine.sentences import Sentence, from_json, word

_LEAST_CONFUSED = 3
"""Fewer confusions of one pair may be chance."""


def result(seen: Evidence) -> Iterator[Finding]:
    """The headline metric with its interval."""
    metric = seen.shown
    if metric not in seen.intervals or metric not in seen.reached or not seen.examples:
        return  # the title has the figure
    values: dict[str, Any] = {"metric": word(metric_named(metric).word), "value": figure(metric, seen.reached[metric])}
    low, high = (figure(metric, end) for end in seen.intervals[metric])
    values |= {"low": low, "high": high, "level": f"{100 * seen.level:g}%", "examples": seen.examples}
    sentence = (
        Sentence(
            "On {examples:,} test examples: {metric} {value}, with {level} confidence between {low} and {high}.",
            **values,
        )
        if seen.split == "test"
        else Sentence(
            "On {examples:,} validation examples: {metric} {value}, with {level} confidence between {low} and {high}.",
            **values,
        )
    )
    yield Finding("result", "note", sentence, "how-sure-is-a-result")


def baseline(seen: Evidence) -> Iterator[Finding]:
    """The verdict of the deciding metric on network and baseline, and the other figure where it says the opposite."""
    known: Mapping[str, Any] = seen.evaluated.get("baseline") or {}
    if known.get("problem"):
        problem = Sentence("There is no baseline: {problem}", problem=from_json(str(known["problem"])))
        yield Finding("baseline-missing", "note", problem, "against-the-baseline")
        return
    metrics = known.get("metrics") or {}
    metric = deciding_metric(seen.objective, metrics) if metrics else ""
    if metric not in seen.reached:
        return
    value, other = seen.reached[metric], float(metrics[metric])
    values: dict[str, Any] = {
        "name": known.get("title") or word(str(known.get("name", "")).replace("-", " ")),
        "metric": word(metric_named(metric).word),
        "value": figure(metric, value),
        "other": figure(metric, other),
    }
    kind, severity, verdict = _verdict(seen, metric, gain(metric, value, other), other, values)
    if second := contrary(metric, seen.metrics, seen.reached, metrics):
        named = {"metric": word(metric_named(second).word), "value": figure(second, seen.reached[second])}
        verdict = Sentence(
            "{verdict} By {metric} it is the other way round: {value} against {other}.",
            verdict=verdict,
            other=figure(second, float(metrics[second])),
            **named,
        )
    yield Finding(kind, severity, verdict, "against-the-baseline")


def _verdict(
    seen: Evidence, metric: str, better: float, other: float, values: dict[str, Any]
) -> tuple[str, Severity, Sentence]:
    low, high = seen.intervals.get(metric, (other + 1.0, other - 1.0))  # without an interval nothing lies inside
    if low <= other <= high:
        return (
            "baseline-same",
            "warning",
            Sentence(
                "The baseline, {name}, is too close to tell them apart on these examples: {metric} {value} against {other}.",
                **values,
            ),
        )
    if better > 0:
        return (
            "baseline-above",
            "good",
            Sentence("It beats the baseline, {name}: {metric} {value} against {other}.", **values),
        )
    return (
        "baseline-below",
        "problem",
        Sentence("It does not beat the baseline, {name}: {metric} {value} against {other}.", **values),
    )


def constant_answer(seen: Evidence) -> Iterator[Finding]:
    """The network beside one answer to everything, the best there is."""
    known: Mapping[str, Any] = seen.evaluated.get("guess") or {}
    both = [
        name for name in (*seen.metrics, *seen.reached) if name in seen.reached and name in known.get("metrics", {})
    ]
    if not both:
        return
    metric = deciding_metric(seen.objective, both)
    values = {
        "answer": str(known.get("answer", "")),
        "metric": word(metric_named(metric).word),
        "value": figure(metric, float(known["metrics"][metric])),
    }
    if gain(metric, seen.reached[metric], float(known["metrics"][metric])) <= 0:
        sentence = Sentence(
            "It is not better than always answering “{answer}” ({metric} {value}): it has learned nothing that helps.",
            **values,
        )
        yield Finding("guess-not-better", "problem", sentence, "against-one-answer-to-everything")
    elif not seen.evaluated.get("baseline", {}).get("metrics"):
        sentence = Sentence("Always answering “{answer}” would reach {metric} {value}.", **values)
        yield Finding("guess-worse", "note", sentence, "against-one-answer-to-everything")


def typical_error(seen: Evidence) -> Iterator[Finding]:
    """How far a predicted number is off on average, in the unit of the target."""
    declared = (metric_named(name) for name in seen.metrics)
    metric = next((m.name for m in declared if m.in_target_unit and m.over == "mean" and m.name in seen.reached), "")
    if not metric:
        return
    values: dict[str, Any] = {"error": f"{seen.reached[metric]:.4g}", "target": seen.unit}
    constant = (seen.evaluated.get("guess") or {}).get("metrics", {}).get(metric)
    if constant is None:
        sentence = (
            Sentence("On average an answer is off by {error} ({target}).", **values)
            if seen.unit
            else Sentence("On average an answer is off by {error}.", error=values["error"])
        )
    else:
        values |= {"answer": str(seen.evaluated["guess"].get("answer", "")), "constant": f"{float(constant):.4g}"}
        sentence = (
            Sentence(
                "On average an answer is off by {error} ({target}); always answering {answer} would be off by {constant}.",
                **values,
            )
            if seen.unit
            else Sentence(
                "On average an answer is off by {error}; always answering {answer} would be off by {constant}.",
                **{name: value for name, value in values.items() if name != "target"},
            )
        )
    yield Finding("typical-error", "note", sentence, "errors-of-numbers")


def confusion(seen: Evidence) -> Iterator[Finding]:
    """The pair of classes that is confused most; of two classes alone, the one that is missed more than by chance."""
    counts = [[int(n) for n in row] for row in seen.confusion]
    if len(counts) < 2:
        return
    mistakes = sum(n for true, row in enumerate(counts) for predicted, n in enumerate(row) if true != predicted)
    pairs = ((a, b) for a in range(len(counts)) for b in range(a))
    one, two = max(pairs, key=lambda pair: counts[pair[0]][pair[1]] + counts[pair[1]][pair[0]])
    if counts[one][two] < counts[two][one]:
        one, two = two, one
    there, back = counts[one][two], counts[two][one]
    names = {"one": seen.labels[one], "two": seen.labels[two]}
    if len(counts) == 2:
        if there - back > 2 * (there + back) ** 0.5:  # two standard deviations of a fair coin
            sentence = Sentence(
                "Most mistakes take “{one}” for “{two}”: {there} of {mistakes}.",
                there=there,
                mistakes=mistakes,
                **names,
            )
            yield Finding("confused", "note", sentence, "the-most-confused-classes")
    elif there + back >= _LEAST_CONFUSED:
        sentence = Sentence(
            "It confuses “{one}” and “{two}” most: {pair} of {mistakes} mistakes, {share:.0%}.",
            pair=there + back,
            mistakes=mistakes,
            share=(there + back) / mistakes,
            **names,
        )
        yield Finding("confused", "note", sentence, "the-most-confused-classes")
