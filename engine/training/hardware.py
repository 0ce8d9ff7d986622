"""Set TensorFlow up for one device: visibility, memory growth, determinism, precision; and watch its use."""

import contextlib
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass, field

import keras
import psutil
import tensorflow as tf

from engine.devices import gpu_usage
from engine.errors import TrainyardError
from engine.training.replicas import Replicas

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Hardware:
    """The devices of this process: `name` is "cpu" or "gpu:N" as the machine counts, of the first one."""

    name: str
    replicas: Replicas = field(default_factory=Replicas)
    """Where the network is trained: once, or a copy on each of several devices."""
    process: psutil.Process = field(default_factory=psutil.Process)

    @property
    def gpu(self) -> bool:
        """Whether it is a GPU."""
        return self.name.startswith("gpu")

    @classmethod
    def choose(cls, wanted: str, count: int = 1, *, deterministic: bool = False) -> "Hardware":
        """Return the `count` devices that the run asks for among those this process may see."""
        if deterministic:
            tf.config.experimental.enable_op_determinism()
        gpus = [] if wanted == "cpu" else tf.config.list_physical_devices("GPU")
        if wanted.startswith("gpu") and not gpus:
            raise TrainyardError(
                "The run requires device {wanted!r}, but TensorFlow does not find a GPU here. Choose "
                "auto or cpu, or install requirements-gpu.txt and a driver.",
                wanted=wanted,
            )
        for gpu in gpus:
            tf.config.experimental.set_memory_growth(gpu, True)
        replicas = Replicas.over("GPU" if gpus else "CPU", count)
        if not gpus:
            return cls("cpu", replicas)
        visible = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0]
        return cls(f"gpu:{visible if visible.isdigit() else 0}", replicas)

    @contextlib.contextmanager
    def policy(self, *, mixed: bool) -> Iterator[None]:
        """Return the precision policy: 16 bits inside, where requested and where it pays."""
        before = keras.config.dtype_policy()
        if mixed and self.gpu:
            keras.config.set_dtype_policy("mixed_float16")
        elif mixed:
            logger.warning("Mixed precision is only used on a GPU; training in 32 bits.")
        try:
            with tf.device("/GPU:0" if self.gpu else "/CPU:0"):
                yield
        finally:
            keras.config.set_dtype_policy(before)

    def measure(self) -> dict[str, float]:
        """Measure CPU (100 is one core busy), memory of this process, and the GPU's use where there is one."""
        figures = {
            "cpu_percent": self.process.cpu_percent(),
            "memory_bytes": float(self.process.memory_info().rss),
        }
        return figures | (gpu_usage(self.name) if self.gpu else {})
