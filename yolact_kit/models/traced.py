"""The network as other programs see it: images in, named tensors out."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram

from yolact_kit.config.schema import DetectConfig
from yolact_kit.errors import UserError
from yolact_kit.models.exported_settings import OUTPUTS, WHOLE_OUTPUTS, ExportedSettings
from yolact_kit.models.yolact import YolactNetwork
from yolact_kit.ops.fixed_nms import FixedDetections, fixed_fast_nms, fixed_masks
from yolact_kit.ops.nms import NmsOptions


class TracedNetwork(nn.Module):
    """A network whose outputs are a plain tuple, for programs that record what a model computes.

    Args:
        network: The network; it is put into evaluation mode.

    Attributes:
        outputs: Names of the outputs, `OUTPUTS`.
        batches: Whether the recorded network takes any number of images at once, rather than one.
        metadata: Texts by key that programs which run such a network look for in its file.

    Example:
        >>> from yolact_kit.config.schema import ModelConfig
        >>> traced = TracedNetwork(YolactNetwork(ModelConfig(backbone="resnet18", input_size=64), num_classes=2))
        >>> dict(zip(OUTPUTS, (list(output.shape) for output in traced(traced.example())), strict=True))["prototypes"]
        [1, 32, 16, 16]
    """

    outputs: Sequence[str] = OUTPUTS
    batches = True

    def __init__(self, network: YolactNetwork) -> None:
        super().__init__()
        self.network = network.eval()
        self.metadata: dict[str, str] = {}

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """The outputs in the order of `outputs`."""
        raw = self.network(images)
        return raw.logits, raw.regressions, raw.coefficients, raw.prototypes, raw.anchors

    def example(self, batch: int = 1) -> Tensor:
        """Images to record with; the network has seen them, so its anchors are made and recorded as they are."""
        size = self.network.config.input_size
        images = torch.zeros(batch, 3, size, size, device=next(self.network.parameters()).device)
        with torch.no_grad():
            self.network(images[:1])
        return images


class WholeNetwork(TracedNetwork):
    """A network with everything that follows it: decoding, Fast NMS, and masks at the size of the prototypes.

    Its outputs are `WHOLE_OUTPUTS`: boxes [B, N, 4], x1 y1 x2 y2 in 0..1 of the picture; scores [B, N], best first, 0
    where a picture has fewer than N objects; labels int64 [B, N], 0-based; masks [B, N, Hp, Wp], 0..1, to be enlarged
    to the picture and cut off at a half.

    Args:
        network: The network; it is put into evaluation mode.
        detect: How raw outputs become detections.

    Raises:
        UserError: The configuration asks for a kind of suppression that depends on how many candidates there are.
    """

    outputs = WHOLE_OUTPUTS

    def __init__(self, network: YolactNetwork, detect: DetectConfig) -> None:
        super().__init__(network)
        self.options, self.cross_class = fixed_suppression(detect)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """The outputs in the order of `outputs`."""
        logits, regressions, coefficients, prototypes, anchors = super().forward(images)
        detections = fixed_fast_nms(logits, regressions, coefficients, anchors, self.options, self.cross_class)
        masks = fixed_masks(detections, prototypes)
        if self.network.mask_scoring is not None:
            detections, masks = _rescored(detections, masks, self.network.mask_scoring)
        return detections.boxes, detections.scores, detections.labels, masks


def fixed_suppression(detect: DetectConfig) -> tuple[NmsOptions, bool]:
    """How `fixed_fast_nms` chooses detections as a configuration says.

    Args:
        detect: How raw outputs become detections.

    Returns:
        The options, and whether all classes compete with each other.

    Raises:
        UserError: The configuration asks for a kind of suppression that depends on how many candidates there are.

    Example:
        >>> fixed_suppression(DetectConfig(nms="cross-class", nms_iou=0.6))[0].iou
        0.6
    """
    if detect.nms not in ("fast", "cross-class"):
        raise UserError(
            f"The suppression '{detect.nms}' cannot be part of an exported model.",
            "Use `--nms fast` or `--nms cross-class`, or export without it.",
        )
    options = NmsOptions(detect.nms_iou, detect.candidate_score, detect.candidates, detect.top_k)
    return options, detect.nms == "cross-class"


def _rescored(detections: FixedDetections, masks: Tensor, scorer: nn.Module) -> tuple[FixedDetections, Tensor]:
    """Detections with their scores multiplied by how well the mask-IoU network finds their masks to fit, best first."""
    fit = scorer(masks.flatten(0, 1), detections.labels.flatten()).reshape(detections.scores.shape)
    scores, order = (detections.scores * fit).topk(fit.shape[1], dim=1)  # all of them: sorting stably is not in ONNX
    boxes = detections.boxes.gather(1, order[..., None].expand_as(detections.boxes))
    coefficients = detections.coefficients.gather(1, order[..., None].expand_as(detections.coefficients))
    ranked = FixedDetections(boxes, scores, detections.labels.gather(1, order), coefficients)
    return ranked, masks.gather(1, order[..., None, None].expand_as(masks))


def traced(network: YolactNetwork, settings: ExportedSettings) -> TracedNetwork:
    """A network in the form that settings ask for: raw outputs, or finished detections."""
    return WholeNetwork(network, settings.config.detect) if settings.whole else TracedNetwork(network)


def program_of(network: TracedNetwork) -> ExportedProgram:
    """What a network computes, recorded for images of its input size; for any number of them if it takes batches.

    Args:
        network: The network, on the CPU.

    Returns:
        torch's program; its input is called `INPUT`.
    """
    # Two images: with one, the recorder would take it for a fixed number.
    images = network.example(batch=2 if network.batches else 1)
    dimensions = {0: Dim("batch", min=1)} if network.batches else None
    with torch.no_grad():
        return torch.export.export(network, (images,), dynamic_shapes=(dimensions,))
