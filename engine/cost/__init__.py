"""The estimated cost of a run before it is started: parameters, operations, memory, time, and how certain that is."""

from dataclasses import asdict, dataclass
from typing import Any

from engine.access import Reach
from engine.cost.curves import Curve, reached
from engine.cost.duration import IDENTICAL, LIKE, SAME, Duration, estimate_duration
from engine.cost.facts import NetworkFacts
from engine.cost.memory import Memory, Room, estimate_memory, find_gpu, find_room
from engine.runs import RunSpec
from engine.sentences import Sentence
from engine.store import Store
from engine.store.finished import finished_runs
from engine.store.reach import EVERYTHING

__all__ = ["Cost", "Curve", "Duration", "Memory", "NetworkFacts", "Room", "estimate"]


@dataclass(frozen=True)
class Cost:
    """The estimated cost of a run before it is started. `duration` is None until a run has finished on this machine."""

    spec: RunSpec
    facts: NetworkFacts
    memory: Memory
    room: Room
    duration: Duration | None
    reached: tuple[Curve, ...] = ()
    """What an amount of data has given, as far as it was measured."""

    @property
    def fits(self) -> bool:
        """Whether as much memory is free as it will probably take."""
        return self.memory.total <= self.room.free_bytes

    def warning(self) -> str:
        """Return a sentence where memory will probably not suffice, with what to lower; empty where it will."""
        if self.fits:
            return ""
        need, free = (f"{size / 1e9:,.1f}" for size in (self.memory.total, self.room.free_bytes))
        return f"{_too_little(need, free, self.room.where)} {_advice(self)}"

    def together_warning(self, count: int) -> str:
        """Return a sentence where a run fits alone but `count` of them at once probably do not; empty otherwise."""
        need, free = count * self.memory.total, self.room.shared_bytes
        if not self.fits or not free or need <= free:
            return ""
        return Sentence(
            "{count} trials at once will probably take {need:,.1f} GB of memory, and this machine has "
            "{free:,.1f} GB free. Let {fitting} train at once, or fewer.",
            count=count,
            need=need / 1e9,
            free=free / 1e9,
            fitting=free // self.memory.total,
        )

    def lines(self) -> list[str]:
        """Return the same as lines for a terminal."""
        time = self.duration
        found = [
            f"parameters: {self.facts.parameters:,}",
            f"operations an example: {self.facts.flops + self.facts.frozen_flops:,}",
            f"memory: about {self.memory.total / 1e9:.1f} GB of {self.room.free_bytes / 1e9:.1f} GB free",
            f"time: {_time_text(time)}" if time else "time: unknown until a run has finished on this machine",
        ]
        found += [f"reached on {curve.dataset}: {_curve_text(curve)}" for curve in self.reached]
        return [*found, *([f"warning: {self.warning()}"] if self.warning() else [])]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for programs."""
        return {
            "parameters": self.facts.parameters,
            "trainable_parameters": self.facts.trainable_parameters,
            "flops_per_example": self.facts.flops + self.facts.frozen_flops,
            "memory_bytes": self.memory.total,
            "memory": asdict(self.memory),
            "free_bytes": self.room.free_bytes,
            "duration": asdict(self.duration) if self.duration else None,
            "reached": [asdict(curve) for curve in self.reached],
            "warning": self.warning(),
        }


def estimate(
    store: Store, spec: RunSpec, facts: NetworkFacts, *, trial: bool = False, reach: Reach = EVERYTHING
) -> Cost:
    """Estimate what training `spec`, perhaps as a trial of a study, will take here: from its network and the finished runs in
    `reach`."""
    gpu = find_gpu(spec.training.device) is not None
    kind = "gpu" if gpu else "cpu"
    past = finished_runs(store, spec.model.name, trials=trial, reach=reach)
    return Cost(
        spec,
        facts,
        estimate_memory(spec, facts, gpu=gpu),
        find_room(spec.training.device),
        estimate_duration(past, spec, facts, kind),
        () if trial else reached(store, spec, reach=reach),
    )


def _curve_text(curve: Curve) -> str:
    """Return a curve for a terminal."""
    return f"{curve.metric} " + ", ".join(f"{one.score:.4g} with {one.examples:,} examples" for one in curve.points)


def _time_text(time: Duration) -> str:
    """Return the time for a terminal."""
    alike = {IDENTICAL: "identical", SAME: "similar", LIKE: "similar"}.get(time.likeness, "other")
    return (
        f"{'up to ' if time.early else ''}about {time.seconds:.0f} s ({time.low:.0f} to {time.high:.0f} s), "
        f"from {time.runs} {alike} {'run' if time.runs == 1 else 'runs'}"
    )


def _too_little(need: str, free: str, where: str) -> str:
    if where == "gpu":
        return Sentence(
            "Training will probably take {need} GB of memory, and the GPU has {free} GB free.", need=need, free=free
        )
    if where == "limit":
        return Sentence(
            "Training will probably take {need} GB of memory, and TRAINYARD_WORKER_MEMORY_MB allows {free} GB in all.",
            need=need,
            free=free,
        )
    return Sentence(
        "Training will probably take {need} GB of memory, and this machine has {free} GB free.", need=need, free=free
    )


def _advice(cost: Cost) -> str:
    """Return what to lower: of what a person can choose, the part that takes most."""
    memory = cost.memory
    network = memory.weights + memory.gradients + memory.optimizer
    most = max(memory.batch, network, memory.data)
    if most == network:
        return Sentence("The network takes most of it: choose fewer units, filters or layers, or smaller inputs.")
    if most == memory.data:
        return Sentence(
            "The data takes most of it: choose smaller images or shorter inputs, or lower TRAINYARD_MAX_RESIDENT_MB."
        )
    size = cost.spec.training.batch_size
    return Sentence(
        "The outputs of the layers take most of it: choose a batch size below {size}, or smaller inputs.", size=size
    )
