"""Runs with a saved, untrained network: enough for serving, in a fraction of a second."""

from engine.artifacts import artifacts_of
from engine.preparation.prepare import prepare
from engine.runs import Run, RunSpec
from engine.store import open_store

TINY = {"dataset": "digits", "model": "mlp", "units": 16, "dropout": 0.0}


def save_run(**values: object) -> int:
    """The number of a new run, which is queued as far as the store knows."""
    run = open_store().runs.create(RunSpec.build(TINY | values))
    save_network(run)
    return run.id


def save_network(run: Run) -> None:
    """Put an untrained network of the run's spec into its folder."""
    from engine.training.evaluate import save_info, save_model
    from engine.training.features import learn
    from engine.training.network import build_network

    spec, files = run.parsed(), artifacts_of(run.id)
    files.folder.mkdir(parents=True, exist_ok=True)
    info = learn(spec, prepare(spec.dataset))
    save_model(build_network(spec, info), files)
    save_info(files, spec, info)
