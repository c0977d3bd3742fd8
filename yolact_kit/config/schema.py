"""The schema of a configuration: every option of a model and its training, with its range and its default."""

from __future__ import annotations

import difflib
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from yolact_kit.ops.nms_methods import NmsMethod

Positive = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]

PAPER_SIZE = 550
"""Side in pixels of the pictures that the paper's anchors, the default ones, are made for."""
_USUAL_BACKBONES = ("resnet18", "resnet34", "resnet50", "resnet101", "darknet53")


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", validate_assignment=True, allow_inf_nan=False)


class AnchorConfig(_Section):
    """Anchors: boxes that the prediction head regresses from.

    Attributes:
        scales: Side of the anchors in input pixels, one list per pyramid level, P3 first. By default the paper's
            scales, which are for 550 px, in proportion to the input size.
        aspect_ratios: Width over height of each anchor of a scale.
        square: Makes every anchor square whatever its aspect ratio: a slip in the original's base configurations that
            their published weights depend on.
    """

    scales: list[list[float]] = [[24], [48], [96], [192], [384]]
    aspect_ratios: list[float] = [1.0, 0.5, 2.0]
    square: bool = True


class ModelConfig(_Section):
    """YOLACT (Bolya et al., ICCV 2019): backbone, feature pyramid, prototypes and prediction head.

    Attributes:
        name: The preset that the model is based on.
        backbone: ``darknet53``, or the name of a torchvision network: any ResNet, MobileNet, EfficientNet, ConvNeXt,
            RegNet, and others.
        deformable: Makes a ResNet's last three stages deformable, as in YOLACT++: 1 for every block, 3 for every third,
            0 for none.
        weights: What training starts from: ``imagenet`` or a file for the backbone alone, a whole model's weights, such
            as a run folder or ``coco:yolact_base``, or ``none``.
        input_size: Side of the square that every picture is resized to, in pixels.
        interpolation: How pictures are resized: ``linear`` as in the original; ``area`` averages when shrinking.
        normalisation: ``imagenet`` for its mean and standard deviation; ``unit`` divides by 255, as for darknet53.
        features: Channels of the feature pyramid.
        head_features: Channels of the prediction head, of the protonet and of its upsampling.
        head_layers: 3x3 convolutions of the prediction head that its three branches share.
        prototypes: Number of prototype masks, k in the paper.
        prototype_layers: 3x3 convolutions of the protonet before it doubles its resolution.
        norm: Normalisation in pyramid, protonet and prediction head: ``group``, with which they learn faster from
            scratch, or ``none`` as in the paper. The backbone has its own.
        anchors: The anchors.
        semantic_head: Whether training uses the auxiliary semantic segmentation head.
        mask_scoring: Whether an additional network predicts how well the masks fit, and scores are multiplied by it,
            as in YOLACT++.
    """

    name: str = "yolact_nano"
    backbone: str = "resnet18"
    deformable: Annotated[int, Field(ge=0)] = 0
    weights: str = "imagenet"
    input_size: Annotated[int, Field(ge=64, le=4096)] = 256
    interpolation: Literal["linear", "area"] = "area"
    normalisation: Literal["imagenet", "unit"] = "imagenet"
    features: Positive = 64
    head_features: Positive = 64
    head_layers: Annotated[int, Field(ge=0)] = 1
    prototypes: Positive = 32
    prototype_layers: Positive = 3
    norm: Literal["none", "group"] = "none"
    anchors: AnchorConfig = AnchorConfig()
    semantic_head: bool = True
    mask_scoring: bool = False

    @field_validator("backbone")
    @classmethod
    def _known(cls, name: str) -> str:
        if name in _USUAL_BACKBONES:
            return name
        # Only now, since it takes seconds to import.
        import torchvision.models

        names = [*_USUAL_BACKBONES, *torchvision.models.list_models(module=torchvision.models)]
        if name not in names:
            close = difflib.get_close_matches(name, dict.fromkeys(names), n=3, cutoff=0.5) or _USUAL_BACKBONES
            raise ValueError(f"a network of torchvision's or darknet53, such as {', '.join(map(repr, close))}")
        return name

    @model_validator(mode="after")
    def _derive_scales(self) -> ModelConfig:
        if "scales" not in self.anchors.model_fields_set:
            derived = [[int(scale * self.input_size / PAPER_SIZE) for scale in level] for level in self.anchors.scales]
            self.anchors = self.anchors.model_copy(update={"scales": derived})
        return self


class LossConfig(_Section):
    """Weights of the losses and the rules that match anchors to ground truth.

    Attributes:
        box: Weight of the smooth L1 loss on box regressions.
        mask: Weight of the mask loss.
        classification: Weight of the softmax loss.
        semantic: Weight of the semantic segmentation loss.
        mask_scoring: Weight of the smooth L1 loss on predicted mask IoUs, if the model has mask scoring.
        positive_iou: An anchor whose IoU with an object is at least this is positive.
        negative_iou: An anchor whose IoU with every object is below this is negative; between the two it is neutral.
        negatives_per_positive: Hard negatives taken for each positive anchor.
        max_masks: At most this many positive anchors per picture are used for the mask loss.
        max_scored_masks: At most this many masks per batch are used to train the mask scoring.
        min_scored_area: Objects that cover no more than this many pixels of the prototypes are not used to train it.
    """

    box: Annotated[float, Field(ge=0)] = 1.5
    mask: Annotated[float, Field(ge=0)] = 6.125
    classification: Annotated[float, Field(ge=0)] = 1.0
    semantic: Annotated[float, Field(ge=0)] = 1.0
    mask_scoring: Annotated[float, Field(ge=0)] = 25.0
    positive_iou: Share = 0.5
    negative_iou: Share = 0.4
    negatives_per_positive: Annotated[float, Field(gt=0)] = 3.0
    max_masks: Positive = 100
    max_scored_masks: Positive = 1000
    min_scored_area: Annotated[float, Field(ge=0)] = 25.0


class TrainConfig(_Section):
    """The training loop.

    Attributes:
        epochs: Passes over the training pictures, unless a time is given.
        batch_size: Pictures per batch, those of all processes together.
        accumulate: Batches whose gradients are averaged for one step: more pictures per step in the same memory.
        fit_memory: Whether a batch that does not fit in memory is divided and its parts are accumulated.
        compile: Whether torch compiles the network for training: minutes at the start; on a CPU its steps were slower.
        optimizer: ``sgd`` as in the paper, or ``adamw``.
        learning_rate: Highest learning rate, at the end of the warm-up.
        reference_batch: Pictures per step that the learning rate is meant for; the rate is scaled in proportion to the
            actual number. 0 for no scaling.
        momentum: Momentum of SGD.
        weight_decay: Weight decay; biases and normalisation layers have none.
        warmup: Share of the training in which the learning rate rises.
        schedule: How the learning rate falls afterwards.
        ema_decay: Decay per step of the running average of the weights, which is what is evaluated and saved; 0 for no
            average.
        start_size: Share of the input size that training starts at; it grows to the whole input size. 1 for no growth.
        full_size_from: Share of the training after which pictures have the full input size.
        freeze_norm_from: Share of the training after which batch norm uses its running statistics, as it does when the
            model predicts, so that the weights adapt to them. 1 for never.
        clip_gradients: Largest norm of the gradient; 0 for no limit.
        precision: Numeric precision by Lightning's name; ``auto`` for the fastest that the device supports.
        workers: Processes that load pictures; ``auto`` chooses by the machine.
        validate_every: Epochs between validations; ``auto`` for about six in all.
        patience: Training stops after this many validations without a better mask AP; 0 for never.
        max_bad_batches: Training stops after this many batches in a row whose loss is not finite; each is skipped.
        loggers: Where losses and metrics are logged: csv, which is always written, tensorboard, mlflow, wandb.
        progress_pictures: Validation pictures that are drawn with their predictions at each validation; 0 for none.
        devices: Processes that train together on this machine, each on a GPU of its own where there are GPUs.
        nodes: Machines that train together.
        min_object: Objects whose box has a side below this many pixels once resized are left out of training.
        seed: Seed of all random numbers.
    """

    epochs: Positive = 100
    batch_size: Positive = 8
    accumulate: Positive = 1
    fit_memory: bool = True
    compile: bool = False
    optimizer: Literal["sgd", "adamw"] = "adamw"
    learning_rate: Annotated[float, Field(gt=0)] = 1e-3
    reference_batch: Annotated[int, Field(ge=0)] = 0
    momentum: Share = 0.9
    weight_decay: Annotated[float, Field(ge=0)] = 5e-4
    warmup: Share = 0.1
    schedule: Literal["cosine", "step", "constant"] = "cosine"
    ema_decay: Annotated[float, Field(ge=0, lt=1)] = 0.99
    start_size: Annotated[float, Field(ge=0.25, le=1)] = 1.0
    full_size_from: Share = 0.6
    freeze_norm_from: Share = 1.0
    clip_gradients: Annotated[float, Field(ge=0)] = 10.0
    precision: Literal["auto", "32-true", "bf16-mixed", "16-mixed"] = "auto"
    workers: Annotated[int, Field(ge=0)] | Literal["auto"] = "auto"
    validate_every: Positive | Literal["auto"] = "auto"
    patience: Annotated[int, Field(ge=0)] = 0
    max_bad_batches: Positive = 10
    loggers: list[Literal["csv", "tensorboard", "mlflow", "wandb"]] = ["csv"]
    progress_pictures: Annotated[int, Field(ge=0)] = 4
    devices: Positive = 1
    nodes: Positive = 1
    min_object: Annotated[float, Field(ge=1)] = 4.0
    seed: int = 0


class AugmentConfig(_Section):
    """How training pictures are changed at random, afresh each time they are shown.

    Attributes:
        recipe: ``default``, which the other keys describe, or ``paper``: colour distortion, expansion, crop and mirror
            image as in YOLACT's paper, whatever the other keys say, except for ``min_visible``.
        flip_horizontal: Probability of a mirror image.
        flip_vertical: Probability of an upside-down image; leave it at 0 if objects have a fixed upper side.
        rotate: Rotated by up to this many degrees either way.
        scale: Smallest and largest factor that objects are enlarged by.
        translate: Moved by up to this share of the picture.
        brightness: Brightness changed by up to this share.
        contrast: Contrast, likewise.
        saturation: Saturation, likewise.
        hue: Hue turned by up to this share of the colour circle.
        min_visible: Objects of which less than this share is still in the picture are ignored.
    """

    recipe: Literal["default", "paper"] = "default"
    flip_horizontal: Share = 0.5
    flip_vertical: Share = 0.0
    rotate: Annotated[float, Field(ge=0, le=180)] = 15.0
    scale: tuple[Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)]] = (0.7, 1.4)
    translate: Share = 0.15
    brightness: Share = 0.3
    contrast: Share = 0.3
    saturation: Share = 0.3
    hue: Annotated[float, Field(ge=0, le=0.5)] = 0.03
    min_visible: Share = 0.3


class DetectConfig(_Section):
    """How raw outputs become detections.

    Attributes:
        nms: Fast NMS per class, Fast NMS over all classes, standard greedy NMS, or Cluster-NMS, which lowers scores.
        nms_iou: A box is suppressed if its IoU with a better one is above this.
        candidate_score: Boxes with a lower score never reach NMS.
        candidates: At most this many boxes per class reach NMS.
        top_k: Detections kept per picture.
    """

    nms: NmsMethod = "fast"
    nms_iou: Share = 0.5
    candidate_score: Share = 0.05
    candidates: Positive = 200
    top_k: Positive = 100


class Config(_Section):
    """A whole configuration, as in ``config.yaml``.

    Attributes:
        dataset: Data set folder, relative to the configuration file or absolute.
        classes: Class names, in the data set's order.
        model: The model.
        loss: The losses.
        augment: Augmentation of training pictures.
        train: The training loop.
        detect: Detection.
    """

    dataset: str = ""
    classes: list[str] = []
    model: ModelConfig = ModelConfig()
    loss: LossConfig = LossConfig()
    augment: AugmentConfig = AugmentConfig()
    train: TrainConfig = TrainConfig()
    detect: DetectConfig = DetectConfig()

    @model_validator(mode="after")
    def _check(self) -> Config:
        if self.loss.negative_iou > self.loss.positive_iou:
            raise ValueError("loss.negative_iou must not be above loss.positive_iou")
        if len(set(self.classes)) != len(self.classes):
            raise ValueError("classes must not repeat a name")
        return self
