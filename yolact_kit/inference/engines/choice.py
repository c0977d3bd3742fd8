"""Which engine runs some weights, and why."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

from yolact_kit.errors import UserError
from yolact_kit.inference.engines.device import choose_device, may_have_gpu
from yolact_kit.inference.engines.names import check_engine

ASKED = "--engine asks for it"
_PACKAGES = {
    "openvino": ("OpenVINO", "openvino", "openvino"),
    "onnx": ("ONNX Runtime", "onnxruntime", "yolact-kit[export]"),
}
"""For each engine but torch: its name for people, its module, and what pip installs it by."""


@dataclass(frozen=True, slots=True)
class EngineWish:
    """What the user asks for.

    Attributes:
        engine: One of `yolact_kit.inference.engines.names.ENGINE_NAMES`.
        device: ``auto``, or a name of torch's.
        exact: Whether the network has to compute as in training, to the last bit.
        legacy: Whether detection has to be the original's.
    """

    engine: str = "auto"
    device: str = "auto"
    exact: bool = False
    legacy: bool = False

    @property
    def faithful(self) -> str:
        """The option that asks for torch's own results; empty if none does."""
        return "--exact" if self.exact else "--legacy" if self.legacy else ""


def choose_engine(wish: EngineWish) -> tuple[str, str]:
    """The engine for weights of ours, one of ``torch``, ``openvino`` and ``onnx``, and the reason in words.

    Args:
        wish: What the user asks for.

    Raises:
        UserError: The engine is not known or not installed, or the wishes contradict each other.

    Example:
        >>> choose_engine(EngineWish("auto", "cpu", exact=True))
        ('torch', '--exact asks for it')
    """
    check_engine(wish.engine)
    if wish.engine == "torch":
        return "torch", ASKED
    if wish.engine != "auto":
        check_runtime(wish)
        return wish.engine, ASKED
    if wish.faithful:
        return "torch", f"{wish.faithful} asks for it"
    gpu = _gpu(wish.device)
    if gpu:
        return "torch", f"there is a GPU, {gpu}"
    if find_spec("openvino") is None:
        return "torch", "OpenVINO, which is faster on a processor, is not installed: `pip install openvino`"
    return "openvino", "the fastest on a processor"


def _gpu(device: str) -> str:
    """The GPU that the user asks for, or that is here; empty if it is to be the processor."""
    if device == "cpu" or (device == "auto" and (not may_have_gpu() or find_spec("torch") is None)):
        return ""
    chosen = choose_device(device)
    return "" if chosen.type == "cpu" else str(chosen)


def check_runtime(wish: EngineWish) -> None:
    """Checks that an engine other than torch is installed, and can do what else the user asks for.

    Args:
        wish: What the user asks for; ``engine`` is ``openvino`` or ``onnx``.

    Raises:
        UserError: It is not installed, or something else that was asked for needs torch.
    """
    name, module, package = _PACKAGES[wish.engine]
    if find_spec(module) is None:
        raise UserError(f"{name} is not installed.", f"Run `pip install {package}`, or use `--engine torch`.")
    if wish.faithful:
        raise UserError(f"{wish.faithful} needs torch.", f"Leave out {wish.faithful}, or use `--engine torch`.")
    if wish.device not in ("auto", "cpu"):
        raise UserError(
            f"{name} runs on the processor, not on '{wish.device}'.",
            "Leave out `--device`, or use another engine.",
        )
