"""The network in the layouts of YOLO's segmentation models, so that their decoders run it.

What the decoders of yolov8-seg and yolo26-seg feed and read was looked up in their sources and tried; see
docs/exporting.md.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import pad

from yolact_kit.config.schema import ModelConfig
from yolact_kit.errors import UserError
from yolact_kit.inference.export.yolo_metadata import yolo_metadata
from yolact_kit.models.exported_settings import ExportedSettings
from yolact_kit.models.traced import TracedNetwork, fixed_suppression, traced
from yolact_kit.models.yolact import RawOutputs, YolactNetwork
from yolact_kit.ops.boxes import decode
from yolact_kit.ops.fixed_nms import fixed_fast_nms
from yolact_kit.ops.letterbox import Content, boxes_in_image, find_content, squash, unsquash

YOLO_OUTPUTS = ("output0", "output1")
"""Names of the outputs of both layouts: what was detected, and the prototypes."""
MASKS = 32
"""Prototypes of the layouts; several decoders have the number in their code."""
STRIDE = 4
"""Input pixels for each pixel of the prototypes."""
_USUAL_SIDE, _SIDE_STEP = 640, 32
"""The input that YOLO's models usually have, and what sides are multiples of."""


def layout_side(model: ModelConfig) -> int:
    """Side of the input of a model in YOLO's layouts, in pixels.

    A picture of 4:3 that stands in it with bars has at least as many rows and columns as the network sees, so that
    nothing is lost by the bars.

    Args:
        model: The model's configuration.

    Example:
        >>> layout_side(ModelConfig(input_size=256)), layout_side(ModelConfig(input_size=550))
        (640, 736)
    """
    return max(_USUAL_SIDE, _SIDE_STEP * math.ceil(4 / 3 * model.input_size / _SIDE_STEP))


class YoloSegNetwork(TracedNetwork):
    """A network in the layout of yolov8-seg: without suppression, which the decoder does.

    Its input is one image float32 [1, 3, S, S], red, green, blue in 0..1, with S from `layout_side`: a picture in a
    square with grey bars, or one that was squashed. Its outputs are `YOLO_OUTPUTS`: detections [1, 4 + C + 32, A], for
    each anchor centre x, centre y, width, height in pixels of the image, scores 0..1, coefficients; and prototypes
    [1, 32, S / 4, S / 4]. A mask is where the product of coefficients and prototypes is above 0.

    Args:
        network: The network; it is put into evaluation mode.
        settings: What is stored beside it.

    Raises:
        UserError: The network has more prototypes than the layout.

    Example:
        >>> from yolact_kit.config.schema import Config
        >>> config = Config(classes=["컵", "plate"], model=ModelConfig(backbone="resnet18", input_size=64))
        >>> settings = ExportedSettings(config, layout="yolo-seg")
        >>> form = YoloSegNetwork(YolactNetwork(config.model, num_classes=2), settings)
        >>> [list(output.shape) for output in form(form.example())]
        [[1, 38, 258], [1, 32, 160, 160]]
    """

    outputs = YOLO_OUTPUTS
    batches = False

    def __init__(self, network: YolactNetwork, settings: ExportedSettings) -> None:
        super().__init__(network)
        if network.config.prototypes > MASKS:
            raise UserError(
                f"This model has {network.config.prototypes} prototypes, and YOLO's layouts have {MASKS}.",
                f"Export without `--layout`, or train with `--set model.prototypes={MASKS}`.",
            )
        self.side = layout_side(network.config)
        self.metadata = yolo_metadata(settings, self.side)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """The outputs in the order of `outputs`."""
        raw, content = self.between_bars(images)
        boxes = boxes_in_image(decode(raw.regressions, raw.anchors), content)
        centred = torch.cat([(boxes[..., :2] + boxes[..., 2:]) / 2, boxes[..., 2:] - boxes[..., :2]], dim=-1)
        scores = raw.logits.softmax(dim=-1)[..., 1:]
        columns = torch.cat([centred, scores, _with_zeros(raw.coefficients)], dim=-1)
        return columns.transpose(1, 2).contiguous(), self.prototypes(raw, content)

    def between_bars(self, images: Tensor) -> tuple[RawOutputs, Content]:
        """The raw outputs for what stands between the bars, and where that is."""
        content = find_content(images)
        config = self.network.config
        area = config.interpolation == "area"
        squashed = squash(images * 255, content, config.input_size, area)
        # Averaged pictures were of whole numbers when the network learnt, sampled ones were not: see `prepare`.
        raw: RawOutputs = self.network(squashed.round() if area else squashed)
        return raw, content

    def prototypes(self, raw: RawOutputs, content: Content) -> Tensor:
        """The prototypes at a quarter of the image's size; zeros where the network has fewer than the layout."""
        placed = unsquash(raw.prototypes, content, self.side, STRIDE)
        return pad(placed, (0, 0, 0, 0, 0, MASKS - placed.shape[1]))

    def example(self, batch: int = 1) -> Tensor:
        """An image to record with; the network has seen one, so its anchors are made and recorded as they are."""
        device = super().example().device
        return torch.zeros(1, 3, self.side, self.side, device=device)


class Yolo26SegNetwork(YoloSegNetwork):
    """A network in the layout of yolo26-seg: with Fast NMS, so that the decoder has none to do.

    Input and prototypes are those of `YoloSegNetwork`. Detections are [1, N, 6 + 32], best first: x1 y1 x2 y2 in pixels
    of the image, score 0..1, class, coefficients.

    Args:
        network: The network; it is put into evaluation mode.
        settings: What is stored beside it; its configuration says how detections are chosen.

    Raises:
        UserError: As `YoloSegNetwork`; or the suppression depends on how many candidates there are.
    """

    def __init__(self, network: YolactNetwork, settings: ExportedSettings) -> None:
        super().__init__(network, settings)
        self.options, self.cross_class = fixed_suppression(settings.config.detect)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """The outputs in the order of `outputs`."""
        raw, content = self.between_bars(images)
        logits, regressions, coefficients, _, anchors, _ = raw
        chosen = fixed_fast_nms(logits, regressions, coefficients, anchors, self.options, self.cross_class)
        scores, labels = chosen.scores[..., None], chosen.labels[..., None].to(chosen.scores.dtype)
        boxes = boxes_in_image(chosen.boxes, content)
        rows = torch.cat([boxes, scores, labels, _with_zeros(chosen.coefficients)], dim=-1)
        return rows, self.prototypes(raw, content)


def form_of(network: YolactNetwork, settings: ExportedSettings) -> TracedNetwork:
    """A network in the form that settings ask for: a layout of YOLO's, or as `traced` gives it."""
    if settings.layout == "yolo-seg":
        return YoloSegNetwork(network, settings)
    if settings.layout == "yolo26-seg":
        return Yolo26SegNetwork(network, settings)
    return traced(network, settings)


def _with_zeros(coefficients: Tensor) -> Tensor:
    """Coefficients [B, A, k] with zeros up to as many as the layouts have."""
    return pad(coefficients, (0, MASKS - coefficients.shape[-1]))
