"""The devices of this machine."""

from engine.devices import find_devices, gpu_usage


def test_the_cpu_is_always_there_and_last() -> None:
    *gpus, cpu = find_devices()
    assert (cpu.name, cpu.kind) == ("cpu", "cpu")
    assert cpu.memory_bytes > 100_000_000
    assert [gpu.name for gpu in gpus] == [f"gpu:{i}" for i in range(len(gpus))]


def test_a_gpu_that_is_not_there_has_no_figures() -> None:
    assert gpu_usage("gpu:15") == {}
