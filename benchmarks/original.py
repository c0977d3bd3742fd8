"""Trains the original YOLACT from a checkout, on a CPU and from scratch, and writes its detections.

The checkout is not changed. What keeps it from running here is patched from outside: its GPU calls, its TorchScript,
which today's torch refuses, and a choice from a ragged tuple, which today's NumPy refuses. The training loop does what
its `train.py` does on a GPU, with four differences, each in its favour: the backbone is initialised like torchvision's;
batch norm is trained at any batch size; the learning rate drops at the same shares of the time as of its 800,000
iterations; and the warm-up takes a twentieth of the time instead of 500 iterations.

Run by `against_others.py` and `training_speed.py`; by itself:

    python benchmarks/original.py CHECKOUT DATA --seconds 180 --out detections.json
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torchvision

DROPS = (0.35, 0.75, 0.875, 0.9375)
"""Shares of the training at which its learning rate falls to a tenth."""


class Original:
    """The original's `yolact_resnet50`, set up for a data set of COCO's layout.

    Args:
        checkout: Folder with the original's code.
        data: A data set folder that `yolact-kit convert` wrote.
        size: Side of the pictures in pixels; anchors keep their share of it, as in its `yolact_im400`.
        batch: Pictures per step.
        workers: Processes that load pictures; 0 for none.
    """

    def __init__(self, checkout: Path, data: Path, size: int, batch: int, workers: int = 0) -> None:
        torch.cuda.current_device = lambda: 0  # its module asks for it on import
        torch.cuda.device_count = lambda: 2  # with more than one it does not use TorchScript
        torch.Tensor.cuda = lambda self, *_args, **_kwargs: self
        sys.path.insert(0, str(checkout.resolve()))
        import data as its_data
        import yolact
        from layers.modules import MultiBoxLoss
        from utils import augmentations, timer

        timer.disable_all()
        its_data.set_cfg("yolact_resnet50_config")
        self.cfg = its_data.cfg
        self._configure(data, size)
        pictures = its_data.COCODetection(
            self.cfg.dataset.train_images,
            self.cfg.dataset.train_info,
            transform=augmentations.SSDAugmentation(its_data.MEANS),
        )
        self.loader = torch.utils.data.DataLoader(
            _WholeCrops(pictures, augmentations.RandomSampleCrop),
            batch,
            shuffle=True,
            drop_last=True,
            num_workers=workers,
            collate_fn=its_data.detection_collate,
        )
        self.net = yolact.Yolact()
        self.net.train()
        with tempfile.TemporaryDirectory() as folder:
            backbone = Path(folder) / "backbone.pth"
            torch.save(torchvision.models.resnet50(weights=None).state_dict(), backbone)
            self.net.init_weights(str(backbone))
        self.criterion = MultiBoxLoss(
            self.cfg.num_classes,
            self.cfg.positive_iou_threshold,
            self.cfg.negative_iou_threshold,
            self.cfg.ohem_negpos_ratio,
        )
        self.rate = self.cfg.lr * batch / 8  # its own rule
        self.optimizer = torch.optim.SGD(
            self.net.parameters(), lr=self.rate, momentum=self.cfg.momentum, weight_decay=self.cfg.decay
        )

    def _configure(self, data: Path, size: int) -> None:
        """Its configuration, for a data set folder and an input size."""
        train = json.loads((data / "annotations" / "train.json").read_text(encoding="utf-8"))
        names = tuple(category["name"] for category in train["categories"])
        known = self.cfg.dataset
        scales = [[int(scale * size / 550) for scale in level] for level in self.cfg.backbone.pred_scales]
        self.cfg.replace(
            {
                "max_size": size,
                "num_classes": len(names) + 1,
                "backbone": self.cfg.backbone.copy({"pred_scales": scales}),
                "dataset": known.copy(
                    {
                        "train_images": str(data / "images"),
                        "train_info": str(data / "annotations" / "train.json"),
                        "class_names": names,
                        "label_map": {category["id"]: row for row, category in enumerate(train["categories"], 1)},
                    }
                ),
            }
        )

    def batches(self) -> Iterator[Any]:
        """Batches without end."""
        return itertools.chain.from_iterable(itertools.repeat(self.loader))

    def step(self, batch: Any) -> float:
        """One training step; returns the loss, which is NaN if the weights are."""
        images, (targets, masks, crowds) = batch
        self.optimizer.zero_grad()
        outputs = self.net(torch.stack(images))
        if not torch.isfinite(outputs["proto"]).all():
            return float("nan")  # its mask loss would raise an exception
        losses = self.criterion(self.net, outputs, targets, masks, crowds)
        loss = torch.stack([value.mean() for value in losses.values()]).sum()
        loss.backward()
        if torch.isfinite(loss).item():
            self.optimizer.step()
        return float(loss.detach())

    def train(self, seconds: float) -> dict[str, Any]:
        """Trains for some seconds; returns the number of steps, and the losses at the start and at the end."""
        start, losses = time.perf_counter(), []
        for batch in self.batches():
            share = (time.perf_counter() - start) / seconds
            if share >= 1:
                break
            rate = self.rate * min(1.0, 0.1 + share / 0.05) * 0.1 ** sum(share >= drop for drop in DROPS)
            for group in self.optimizer.param_groups:
                group["lr"] = rate
            losses.append(self.step(batch))
            if not math.isfinite(losses[-1]):
                break
        spent, diverged = time.perf_counter() - start, not math.isfinite(losses[-1])
        return {"steps": len(losses), "diverged": diverged, "seconds": spent, "first": losses[:5], "last": losses[-5:]}

    @torch.no_grad()
    def detect(self, data: Path, split: str) -> list[dict[str, Any]]:
        """Detections in a split, made as in its evaluation."""
        import cv2
        from layers.output_utils import postprocess
        from pycocotools import mask as coco_mask
        from utils.augmentations import FastBaseTransform

        self.net.eval()
        self.net.detect.use_fast_nms = True
        self.cfg.mask_proto_debug = False
        found = []
        truth = json.loads((data / "annotations" / f"{split}.json").read_text(encoding="utf-8"))
        for picture in truth["images"]:
            image = cv2.imread(str(data / "images" / picture["file_name"]))
            height, width = image.shape[:2]
            outputs = self.net(FastBaseTransform()(torch.from_numpy(image).float()[None]))
            classes, scores, _boxes, masks = postprocess(outputs, width, height, crop_masks=True, score_threshold=0)
            for label, score, mask in zip(classes.tolist(), scores.tolist(), masks, strict=True):
                rle = coco_mask.encode(np.asfortranarray(mask.numpy().astype(np.uint8)))
                rle["counts"] = rle["counts"].decode()
                name = self.cfg.dataset.class_names[label]
                found.append({"file": picture["file_name"], "class": name, "score": score, "segmentation": rle})
        return found


class _WholeCrops(torch.utils.data.Dataset[Any]):
    """Its pictures, with the options of its random crop as an array that NumPy can choose from."""

    def __init__(self, pictures: Any, crop: Any) -> None:
        self.pictures = pictures
        begin = crop.__init__

        def mended(self: Any) -> None:
            begin(self)
            options = np.empty(len(self.sample_options), dtype=object)
            options[:] = self.sample_options
            self.sample_options = options

        crop.__init__ = mended
        for step in pictures.transform.augment.transforms:
            if isinstance(step, crop):
                mended(step)

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, index: int) -> Any:
        return self.pictures[index]


def main() -> int:
    """Trains, detects, writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--seconds", type=float, default=180)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--split", default="val")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    random.seed(options.seed)
    np.random.seed(options.seed)
    torch.manual_seed(options.seed)
    original = Original(options.checkout, options.data, options.size, options.batch)
    document: dict[str, Any] = original.train(options.seconds)
    print(document, flush=True)
    document["detections"] = [] if document["diverged"] else original.detect(options.data, options.split)
    options.out.write_text(json.dumps(document), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
