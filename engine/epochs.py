"""The epochs of a run from which another run can continue: checkpoints that were written anyway, under a second name.

If epochs are too short for a checkpoint each, the best one so far gets a file of its own.
"""

from pathlib import Path, PurePosixPath

from engine.artifacts import Artifacts, artifacts_of, share_file


def kept_epochs(run_id: int) -> list[int]:
    """Return the epochs (from 1) from which the run can be forked, in order."""
    return _kept(artifacts_of(run_id))


def keep_epoch(files: Artifacts, epoch: int) -> None:
    """Keep the checkpoint that was just written, at the end of `epoch`."""
    share_file(files.checkpoint, epoch_file(files, epoch))


def thin_out(files: Artifacts, best: int, most: int) -> None:
    """Delete kept epochs until `most` are left; `best` is the best epoch so far, which stays if it was kept."""
    for gone in too_many(_kept(files), best, most):
        epoch_file(files, gone).unlink(missing_ok=True)


def epoch_file(files: Artifacts, epoch: int) -> Path:
    """Return the file of a kept epoch (from 1)."""
    return files.path(f"epochs/{epoch}.npz")


def let_go(files: Artifacts) -> bool:
    """Delete all kept epochs of a run to free disk space. Return whether there were any."""
    kept = _kept(files)
    for epoch in kept:
        epoch_file(files, epoch).unlink(missing_ok=True)
    return bool(kept)


def too_many(epochs: list[int], best: int, most: int) -> list[int]:
    """Return which of `epochs` (in order) to delete so that `most` are left: the newest and the best one stay.

    Of the others, the one nearest to its neighbours is deleted each time, so that the rest are spread evenly.
    """
    left, gone = list(epochs), []
    while len(left) > most:
        ends = [0, *left]  # the start of training counts as a neighbour of the first one
        gaps = {left[i]: left[i + 1] - ends[i] for i in range(len(left) - 1)}
        loose = [epoch for epoch in gaps if epoch != best] or list(gaps)
        gone.append(min(loose, key=lambda epoch: gaps[epoch]))
        left.remove(gone[-1])
    return gone


def _kept(files: Artifacts) -> list[int]:
    elsewhere = [PurePosixPath(name) for name in files.depot.names()] if files.depot is not None else []
    paths = [*files.epochs.glob("*.npz"), *(path for path in elsewhere if path.parent.name == "epochs")]
    return sorted({int(path.stem) for path in paths if path.stem.isdecimal()})
