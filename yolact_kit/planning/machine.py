"""The hardware that a configuration is planned for."""

from __future__ import annotations

from dataclasses import dataclass

from yolact_kit.cores import usable_cores


@dataclass(frozen=True, slots=True)
class Machine:
    """What a machine has to train with.

    Attributes:
        gpu: Name of the GPU; empty if there is none that torch can use.
        gpu_memory: Memory of the GPU in GiB; 0 if there is none.
        cores: Processor cores.
    """

    gpu: str = ""
    gpu_memory: float = 0.0
    cores: int = 1


def this_machine() -> Machine:
    """The machine that this runs on.

    Example:
        >>> this_machine().cores >= 1
        True
    """
    import torch

    cores = usable_cores()
    if not torch.cuda.is_available():
        return Machine(cores=cores)
    properties = torch.cuda.get_device_properties(0)
    return Machine(properties.name, properties.total_memory / 2**30, cores)
