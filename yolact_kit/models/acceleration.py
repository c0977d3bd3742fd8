"""A faster form of a model for predicting on a CPU: the same results up to rounding, in two thirds of the time."""

from __future__ import annotations

import copy
import operator

import torch
from torch import Tensor, nn
from torch.fx import GraphModule, Node
from torch.nn.utils.fusion import fuse_conv_bn_eval

from yolact_kit.models.yolact import YolactNetwork
from yolact_kit.ops import winograd

FEWEST_CHANNELS = 64
"""With fewer, transforming a map costs as much as Winograd's algorithm saves."""
FEWEST_TILES = 36
"""With fewer, reading the transformed kernels costs as much as it saves."""
LARGE = 40
"""Maps with at least this side are worth the larger tiles."""


def accelerated(model: YolactNetwork) -> YolactNetwork:
    """A copy of a model for predicting on a CPU, where it takes about two thirds of the time.

    Batch norm is folded into the convolutions before it, 3x3 convolutions of large maps use Winograd's algorithm, and
    sums and ReLUs are computed in place. The outputs differ from the model's by rounding, about 1e-5 of their size.

    Args:
        model: The model; not changed. The copy shares those of its weights that stay as they are.

    Returns:
        The copy, in evaluation mode; it cannot be trained.

    Example:
        >>> from yolact_kit.config.schema import ModelConfig
        >>> model = YolactNetwork(ModelConfig(backbone="resnet18", input_size=64), num_classes=2).eval()
        >>> images = torch.rand(1, 3, 64, 64) * 255
        >>> torch.allclose(accelerated(model)(images).logits, model(images).logits, atol=1e-4)
        True
    """
    # deepcopy does not copy what its memo already holds: with all tensors in it, only the modules are new.
    shared = {id(tensor): tensor for tensor in (*model.parameters(), *model.buffers())}
    fast = copy.deepcopy(model, shared).eval()
    body = _traced(fast.backbone.body)
    if body is not None:
        fast.backbone.body = body
        _add_in_place(body, _fold_batch_norm(body))
    for part in (fast.protonet, fast.head):
        for module in part.modules():
            if isinstance(module, nn.ReLU):
                module.inplace = True
    # Another class with the same attributes: names and weights of the modules stay as they are.
    for module in fast.modules():
        if type(module) is nn.Conv2d and _fits(module):
            module.__class__ = _WinogradConv2d
    return fast.to(memory_format=torch.channels_last)


class _Tracer(torch.fx.Tracer):
    """Traces networks of timm's, whose batch norms hold the activation that follows them."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        """Whether a module is called as a whole."""
        return isinstance(m, nn.BatchNorm2d | nn.Conv2d) or super().is_leaf_module(m, module_qualified_name)


def _traced(body: nn.Module) -> GraphModule | None:
    """A network as a graph of calls, with the same modules; None if what it calls depends on the picture's size."""
    if isinstance(body, GraphModule):
        return body
    try:
        return GraphModule(body, _Tracer().trace(body))
    except (TypeError, ValueError, RuntimeError):  # what torch.fx raises for networks that it cannot trace
        return None


def _fold_batch_norm(body: GraphModule) -> set[Node]:
    """Folds batch norm into the convolutions before it; returns the nodes that stood for the folded batch norms."""
    # With fixed statistics batch norm is a factor and a summand for each channel, which the convolution's weights and
    # bias can take over, but only where nothing else uses the convolution's output. The node stays, as an identity.
    folded = set()
    for node in body.graph.nodes:
        before = node.args[0] if node.args else None
        if not isinstance(before, Node) or len(before.users) > 1:
            continue
        convolution, norm = _module(body, before), _module(body, node)
        if type(convolution) is nn.Conv2d and isinstance(norm, nn.BatchNorm2d):
            body.set_submodule(str(before.target), fuse_conv_bn_eval(convolution, norm))
            # timm's batch norms have an activation of their own.
            body.set_submodule(str(node.target), getattr(norm, "act", nn.Identity()))
            folded.add(node)
    return folded


def _module(body: GraphModule, node: Node) -> nn.Module | None:
    """The module that a node calls; None if it calls a function or a method."""
    return body.get_submodule(str(node.target)) if node.op == "call_module" else None


def _add_in_place(body: GraphModule, spare: set[Node]) -> None:
    """Computes the sum at the end of a residual block in the memory of its last convolution's output."""
    # `a + b` becomes `a += b` where a is the output of a folded batch norm that nothing else uses: no memory of the
    # shortcut b, which others may still read, is overwritten.
    for node in body.graph.nodes:
        summand = node.args[0] if node.target is operator.add else None
        if summand in spare and len(summand.users) == 1:
            node.target = operator.iadd
    body.recompile()


def _fits(module: nn.Conv2d) -> bool:
    """Whether Winograd's algorithm can do a convolution, and is faster at it."""
    usual = (module.kernel_size, module.stride, module.padding, module.dilation) == ((3, 3), (1, 1), (1, 1), (1, 1))
    wide = min(module.in_channels, module.out_channels) >= FEWEST_CHANNELS
    return usual and wide and module.groups == 1 and module.padding_mode == "zeros"


class _WinogradConv2d(nn.Conv2d):
    """A convolution that uses Winograd's algorithm if that is faster."""

    def forward(self, input: Tensor) -> Tensor:
        """As `torch.nn.Conv2d`, without a gradient."""
        height, width = input.shape[-2:]
        m = 6 if min(height, width) >= LARGE else 4
        if -(-height // m) * -(-width // m) < FEWEST_TILES:
            return super().forward(input)
        return winograd.convolve(input, self._transformed(m), self.bias, m)

    def _transformed(self, m: int) -> Tensor:
        """The kernels for tiles of side m, transformed at the first use."""
        # Not set in `__init__`, which never runs: an ordinary convolution was given this class.
        kernels: dict[int, Tensor] = self.__dict__.setdefault("_kernels", {})
        if m not in kernels:
            kernels[m] = winograd.transform_kernels(self.weight.detach(), m)
        return kernels[m]
