"""Reports: a run as one file to hand on."""

import logging
from dataclasses import replace
from gettext import NullTranslations

from engine.access import Action, Actor, check
from engine.artifacts import Outcomes, artifacts_of
from engine.errors import TrainyardError
from engine.preparation.prepare import PreparedDataset, prepare
from engine.reporting import Subject, render
from engine.runs import Run, RunSpec
from engine.sentences import Sentence
from engine.service import datasets, headlines
from engine.service.opened import store
from engine.settings import settings

logger = logging.getLogger(__name__)
_ENGLISH = NullTranslations()


def write(actor: Actor, run: Run, by: NullTranslations = _ENGLISH, *, examples: bool = True) -> bytes:
    """Return the report of a run as one HTML file in UTF-8, in the language of `by`.

    Without `examples` it shows none of the data. They are also left out where the file would be larger than
    `max_report_mb`; without them it holds only figures.
    """
    check(actor, Action.LOOK, run)
    found = subject(actor, run)
    if not examples:
        found = replace(found, withheld=Sentence("The examples were left out."))
    written = render(found, by).encode()
    most = settings().max_report_mb
    if len(written) > most * 1_000_000:
        too_large = Sentence(
            "The examples were left out: with them the report would be larger than {most} MB (TRAINYARD_MAX_REPORT_MB).",
            most=most,
        )
        written = render(replace(found, withheld=too_large), by).encode()
    return written


def subject(actor: Actor, run: Run) -> Subject:
    """Return what is known of a run, as reports and model cards are written from it."""
    check(actor, Action.LOOK, run)
    try:
        spec = run.parsed()
    except TrainyardError:
        spec = None
    files = artifacts_of(run.id)
    try:
        evaluation = files.read_evaluation()
    except (OSError, ValueError):
        logger.exception("The evaluation in %s cannot be read.", files.folder)
        evaluation = {}
    found = Subject(
        run,
        spec,
        headlines.of(actor, run) if run.state.final else None,
        store().metrics.read(run.id),
        evaluation,
    )
    outcomes = _outcomes(run, found.split) if found.split else None
    if spec is None or outcomes is None:
        return replace(found, outcomes=outcomes)
    prepared, reason = _data(actor, run, spec)
    return replace(found, outcomes=outcomes, prepared=prepared, withheld=reason)


def _outcomes(run: Run, split: str) -> Outcomes | None:
    files = artifacts_of(run.id)
    try:
        return files.read_outcomes(split)
    except OSError:
        logger.exception("Per-example predictions in %s cannot be read.", files.folder)
        return None


def _data(actor: Actor, run: Run, spec: RunSpec) -> tuple[PreparedDataset | None, Sentence | None]:
    """Return the data as it was when the run trained, or why it cannot be shown."""
    try:
        if not datasets.shown_with(actor, run):
            return None, Sentence("The examples are not shown: the dataset is private.")
        if not spec.dataset.available():
            return None, Sentence("The examples cannot be shown: the dataset is not on this machine any more.")
        prepared = prepare(spec.dataset)
    except TrainyardError as error:
        return None, Sentence("The examples cannot be shown. {reason}", reason=error.sentence)
    if prepared.content_hash != run.environment.get("dataset_hash"):
        return None, Sentence("The examples cannot be shown: the dataset has changed since this run was trained.")
    return prepared, None
