"""The devices of this machine, found without TensorFlow."""

import logging
import os
import platform
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import psutil

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Device:
    """A processor that can train: `name` is "cpu" or "gpu:N"; memory in bytes."""

    name: str
    kind: str
    title: str
    memory_bytes: int

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


@cache
def find_devices() -> tuple[Device, ...]:
    """Return GPUs first (through NVIDIA's management library), the CPU last. Looked up once per process."""
    gpus = tuple(Device(f"gpu:{i}", "gpu", name, memory) for i, (name, memory) in enumerate(_nvidia_gpus()))
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    title = f"{platform.processor() or platform.machine()}, {cores} cores"
    return (*gpus, Device("cpu", "cpu", title, psutil.virtual_memory().total))


def gpu_usage(name: str) -> dict[str, float]:
    """Return `gpu_percent` and `gpu_memory_bytes` of the whole device "gpu:N"; {} where they are not available."""
    import pynvml

    try:
        pynvml.nvmlInit()
        handle = pynvml.nvmlDeviceGetHandleByIndex(int(name.split(":")[1]))
        return {
            "gpu_percent": float(pynvml.nvmlDeviceGetUtilizationRates(handle).gpu),
            "gpu_memory_bytes": float(pynvml.nvmlDeviceGetMemoryInfo(handle).used),
        }
    except pynvml.NVMLError as error:
        logger.debug("No GPU figures: %s", error)
        return {}


def _nvidia_gpus() -> list[tuple[str, int]]:
    import pynvml

    try:
        pynvml.nvmlInit()
        handles = [pynvml.nvmlDeviceGetHandleByIndex(i) for i in range(pynvml.nvmlDeviceGetCount())]
        return [(str(pynvml.nvmlDeviceGetName(h)), int(pynvml.nvmlDeviceGetMemoryInfo(h).total)) for h in handles]
    except pynvml.NVMLError as error:  # no driver, no card: the usual case on a laptop
        logger.debug("No NVIDIA GPU: %s", error)
        return []
