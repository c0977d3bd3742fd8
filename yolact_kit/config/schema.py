"""The schema of a configuration: every option of a model and its training, with its range and its default."""

from __future__ import annotations

import difflib
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from yolact_kit.ops.nms_methods import NmsMethod

Positive = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]
FrozenPart = Literal["stem", "backbone", "fpn", "protonet", "head"]

PAPER_SIZE = 550
"""Side in pixels of the pictures that the paper's anchors, the default ones, are made for."""
TIMM = "timm/"
"""What stands before a backbone's name to say that timm's is meant, where torchvision has one of that name as well."""
_USUAL_BACKBONES = ("efficientnet_lite0", "resnet18", "resnet34", "resnet50", "resnet101", "darknet53")


class _Section(BaseModel):
    """What all sections have in common; the text below a key explains it, in config.yaml as well."""

    model_config = ConfigDict(
        extra="forbid", validate_assignment=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


class AnchorConfig(_Section):
    """Anchors: boxes that the prediction head regresses from."""

    scales: list[list[float]] = [[24], [48], [96], [192], [384]]
    """Side of the anchors in input pixels, one list per pyramid level, P3 first. By default the paper's scales, which
    are for 550 px, in proportion to the input size."""
    aspect_ratios: list[float] = [1.0, 0.5, 2.0]
    """Width over height of each anchor of a scale."""
    square: bool = True
    """Makes every anchor square whatever its aspect ratio: a slip in the original's base configurations that their
    published weights depend on."""


class ModelConfig(_Section):
    """YOLACT (Bolya et al., ICCV 2019): backbone, feature pyramid, prototypes and prediction head."""

    name: str = "yolact_nano"
    """The preset that the model is based on."""
    backbone: str = "resnet18"
    """darknet53, or the name of a network of torchvision's or timm's: any ResNet, MobileNet, EfficientNet, ConvNeXt,
    RegNet, and others; timm/NAME for timm's where both have one of that name."""
    deformable: Annotated[int, Field(ge=0)] = 0
    """Makes a ResNet's last three stages deformable, as in YOLACT++: 1 for every block, 3 for every third, 0 for
    none."""
    weights: str = "imagenet"
    """What training starts from: starter for the weights in the package (yolact_nano), imagenet or a file for the
    backbone alone, a whole model's weights, such as a run folder or coco:yolact_base, or none."""
    input_size: Annotated[int, Field(ge=64, le=4096)] = 256
    """Side of the square that every picture is resized to, in pixels."""
    interpolation: Literal["linear", "area"] = "area"
    """How pictures are resized: linear as in the original; area averages when shrinking."""
    normalisation: Literal["imagenet", "unit"] = "imagenet"
    """imagenet for its mean and standard deviation; unit divides by 255, as for darknet53."""
    features: Positive = 64
    """Channels of the feature pyramid."""
    head_features: Positive = 64
    """Channels of the prediction head, of the protonet and of its upsampling."""
    head_layers: Annotated[int, Field(ge=0)] = 1
    """3x3 convolutions of the prediction head that its three branches share."""
    prototypes: Positive = 32
    """Number of prototype masks, k in the paper."""
    prototype_layers: Positive = 3
    """3x3 convolutions of the protonet before it doubles its resolution."""
    prototype_detail: bool = False
    """Whether the protonet also sees the backbone's map of stride 4, where edges are; False as in the paper."""
    prototype_stride: Literal[2, 4] = 4
    """Input pixels for each pixel of the prototypes: 4 as in the paper, or 2 with prototype_detail."""
    norm: Literal["none", "group"] = "none"
    """Normalisation in pyramid, protonet and prediction head: group, with which they learn faster from scratch, or none
    as in the paper. The backbone has its own."""
    anchors: AnchorConfig = AnchorConfig()
    """The anchors."""
    semantic_head: bool = True
    """Whether training uses the auxiliary semantic segmentation head."""
    mask_scoring: bool = False
    """Whether an additional network predicts how well the masks fit, and scores are multiplied by it, as in
    YOLACT++."""

    @field_validator("backbone")
    @classmethod
    def _known(cls, name: str) -> str:
        """Refuses a network that neither torchvision nor timm has."""
        if name in _USUAL_BACKBONES:
            return name
        # Only now, since they take seconds to import. Exported models run without them.
        try:
            import timm
            import torchvision.models
        except ImportError:
            return name

        names = [*_USUAL_BACKBONES, *torchvision.models.list_models(module=torchvision.models)]
        plain = name.removeprefix(TIMM)
        if (name in names and name == plain) or timm.is_model(plain):
            return name
        names += timm.list_models()
        close = difflib.get_close_matches(plain, dict.fromkeys(names), n=3, cutoff=0.5) or _USUAL_BACKBONES
        raise ValueError(f"a network of torchvision's or timm's, or darknet53, such as {', '.join(map(repr, close))}")

    @model_validator(mode="after")
    def _derive_scales(self) -> ModelConfig:
        """Fits the paper's anchors, which are for its input size, to this input size, unless scales are given."""
        if "scales" not in self.anchors.model_fields_set:
            derived = [[int(scale * self.input_size / PAPER_SIZE) for scale in level] for level in self.anchors.scales]
            self.anchors = self.anchors.model_copy(update={"scales": derived})
        return self


class LossConfig(_Section):
    """Weights of the losses and the rules that match anchors to ground truth."""

    box: Annotated[float, Field(ge=0)] = 1.5
    """Weight of the smooth L1 loss on box regressions."""
    box_overlap: Annotated[float, Field(ge=0)] = 0.0
    """Weight of the complete-IoU loss of the boxes (Zheng et al., 2020), a part of the box loss."""
    mask: Annotated[float, Field(ge=0)] = 6.125
    """Weight of the mask loss."""
    classification: Annotated[float, Field(ge=0)] = 1.0
    """Weight of the softmax loss."""
    semantic: Annotated[float, Field(ge=0)] = 1.0
    """Weight of the semantic segmentation loss."""
    mask_scoring: Annotated[float, Field(ge=0)] = 25.0
    """Weight of the smooth L1 loss on predicted mask IoUs, if the model has mask scoring."""
    positive_iou: Share = 0.5
    """An anchor is positive if its IoU with an object is at least this."""
    negative_iou: Share = 0.4
    """An anchor is negative if its IoU with every object is below this; between the two it is neutral."""
    negatives_per_positive: Annotated[float, Field(gt=0)] = 3.0
    """Number of hard negatives for each positive anchor."""
    max_masks: Positive = 100
    """At most this many positive anchors per picture are used for the mask loss."""
    max_scored_masks: Positive = 1000
    """At most this many masks per batch are used to train the mask scoring."""
    min_scored_area: Annotated[float, Field(ge=0)] = 25.0
    """Objects that cover no more than this many pixels of the prototypes are not used to train it."""


class TrainConfig(_Section):
    """The training loop."""

    epochs: Positive = 100
    """Passes over the training pictures, unless a time is given."""
    batch_size: Positive = 8
    """Pictures per batch, those of all processes together."""
    accumulate: Positive = 1
    """The gradients of this many batches are averaged for one step: more pictures per step in the same memory."""
    fit_memory: bool = True
    """Whether a batch that does not fit in memory is divided and its parts are accumulated."""
    compile: bool = False
    """Whether torch compiles the network for training: minutes at the start; on a CPU its steps were slower."""
    optimizer: Literal["sgd", "adamw"] = "adamw"
    """sgd as in the paper, or adamw."""
    learning_rate: Annotated[float, Field(gt=0)] = 1e-3
    """Highest learning rate, at the end of the warm-up."""
    reference_batch: Annotated[int, Field(ge=0)] = 0
    """Pictures per step that the learning rate is meant for; the rate is scaled in proportion to the actual number. 0
    for no scaling."""
    backbone_rate: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Share of the learning rate that the backbone has: below 1, the weights that it brings along change less than the
    rest. Without effect where training starts from none."""
    freeze: list[FrozenPart] = []
    """Parts that keep the weights that they start with: stem, the backbone's layers up to its feature map of stride 8,
    backbone, fpn, protonet, head."""
    momentum: Share = 0.9
    """Momentum of SGD."""
    weight_decay: Annotated[float, Field(ge=0)] = 5e-4
    """Weight decay; biases and normalisation layers have none."""
    warmup: Share = 0.1
    """Share of the training in which the learning rate rises."""
    schedule: Literal["cosine", "step", "constant"] = "cosine"
    """How the learning rate falls afterwards."""
    ema_decay: Annotated[float, Field(ge=0, lt=1)] = 0.99
    """Decay per step of the running average of the weights, which is evaluated and saved; 0 for no average."""
    start_size: Annotated[float, Field(ge=0.25, le=1)] = 1.0
    """Share of the input size that training starts at; it grows to the whole input size. 1 for no growth."""
    full_size_from: Share = 0.6
    """Share of the training after which pictures have the full input size."""
    freeze_norm_from: Share = 1.0
    """Share of the training after which batch norm uses its running statistics, as it does when the model predicts, so
    that the weights adapt to them. 1 for never."""
    clip_gradients: Annotated[float, Field(ge=0)] = 10.0
    """Largest norm of the gradient; 0 for no limit."""
    precision: Literal["auto", "32-true", "bf16-mixed", "16-mixed"] = "auto"
    """Numeric precision by Lightning's name; auto for the fastest that the device supports."""
    workers: Annotated[int, Field(ge=0)] | Literal["auto"] = "auto"
    """Processes that load pictures; auto chooses by the machine."""
    threads: Positive | Literal["auto"] = "auto"
    """Threads that compute on a CPU; auto for the fastest number, a fixed one for the same weights each time."""
    validate_every: Positive | Literal["auto"] = "auto"
    """Epochs between validations; auto for six in all, fewer where they would take over a twentieth of the time."""
    patience: Annotated[int, Field(ge=0)] = 0
    """Training stops after this many validations without a better mask AP; 0 for never."""
    max_bad_batches: Positive = 10
    """Training stops after this many batches in a row with a loss that is not finite; each is skipped."""
    loggers: list[Literal["csv", "tensorboard", "mlflow", "wandb"]] = ["csv"]
    """Where losses and metrics are logged: csv, which is always written, tensorboard, mlflow, wandb."""
    progress_pictures: Annotated[int, Field(ge=0)] = 4
    """Validation pictures that are drawn with their predictions at each validation; 0 for none."""
    devices: Positive = 1
    """Processes that train together on this machine, each on its own GPU if there are GPUs."""
    nodes: Positive = 1
    """Machines that train together."""
    min_object: Annotated[float, Field(ge=1)] = 4.0
    """Objects with a box side below this many pixels after resizing are left out of training."""
    seed: int = 0
    """Seed of all random numbers."""


class AugmentConfig(_Section):
    """How training pictures are changed at random, afresh each time they are shown."""

    recipe: Literal["default", "paper"] = "default"
    """default, which the other keys describe, or paper: colour distortion, expansion, crop and mirror image as in
    YOLACT's paper, whatever the other keys say, except for min_visible."""
    flip_horizontal: Share = 0.5
    """Probability of a mirror image."""
    flip_vertical: Share = 0.0
    """Probability of an upside-down image; leave it at 0 if objects have a fixed upper side."""
    rotate: Annotated[float, Field(ge=0, le=180)] = 15.0
    """Rotated by up to this many degrees either way."""
    scale: tuple[Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)]] = (0.7, 1.4)
    """Smallest and largest factor that objects are enlarged by."""
    translate: Share = 0.15
    """Moved by up to this share of the picture."""
    brightness: Share = 0.3
    """Brightness changed by up to this share."""
    contrast: Share = 0.3
    """Contrast, likewise."""
    saturation: Share = 0.3
    """Saturation, likewise."""
    hue: Annotated[float, Field(ge=0, le=0.5)] = 0.03
    """Hue turned by up to this share of the colour circle."""
    min_visible: Share = 0.3
    """Objects are ignored if less than this share of them is still in the picture."""


class DetectConfig(_Section):
    """How raw outputs become detections."""

    nms: NmsMethod = "fast"
    """Fast NMS per class, Fast NMS over all classes, standard greedy NMS, or Cluster-NMS, which lowers scores."""
    nms_iou: Share = 0.5
    """A box is suppressed if its IoU with a better one is above this."""
    candidate_score: Share = 0.05
    """Boxes with a lower score never reach NMS."""
    candidates: Positive = 200
    """At most this many boxes per class reach NMS."""
    top_k: Positive = 100
    """Detections kept per picture."""


class Config(_Section):
    """A whole configuration, as in ``config.yaml``."""

    dataset: str = ""
    """Data set folder, relative to the configuration file or absolute."""
    classes: list[str] = []
    """Class names, in the data set's order."""
    depth_range: tuple[float, float] | None = None
    """The values that become black and white in pictures of more than 8 bits a channel, as in the data set; none where
    it had no such pictures."""
    model: ModelConfig = ModelConfig()
    """The model."""
    loss: LossConfig = LossConfig()
    """The losses."""
    augment: AugmentConfig = AugmentConfig()
    """Augmentation of training pictures."""
    train: TrainConfig = TrainConfig()
    """The training loop."""
    detect: DetectConfig = DetectConfig()
    """Detection."""

    @model_validator(mode="after")
    def _check(self) -> Config:
        """Refuses values that do not go together."""
        if self.loss.negative_iou > self.loss.positive_iou:
            raise ValueError("loss.negative_iou must not be above loss.positive_iou")
        if self.depth_range is not None and self.depth_range[0] >= self.depth_range[1]:
            raise ValueError("depth_range must begin with the lower value")
        if set(self.train.freeze) >= {"backbone", "fpn", "protonet", "head"}:
            raise ValueError("train.freeze must leave the backbone, fpn, protonet or head to learn")
        if len(set(self.classes)) != len(self.classes):
            raise ValueError("classes must not repeat a name")
        return self
