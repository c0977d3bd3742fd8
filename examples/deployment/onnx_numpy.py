"""Predicts with an exported YOLACT, without yolact-kit and without torch.

The file comes from `yolact-kit export runs/train-1 --whole --out model.onnx`. Needs numpy, pillow and onnxruntime.

Example: python onnx_numpy.py model.onnx photo.jpg drawn.png
"""

import json
import sys

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

COLORS = np.array([[230, 70, 60], [60, 130, 230], [70, 180, 80], [240, 180, 40], [160, 90, 200], [50, 190, 190]])


def detect(session: onnxruntime.InferenceSession, picture: np.ndarray, threshold: float) -> list[dict]:
    """The objects of a picture [H, W, 3]: for each its label, score, box in pixels and mask [H, W]."""
    height, width = picture.shape[:2]
    size = session.get_inputs()[0].shape[-1]
    # The picture is squashed to a square, averaging as training does, and becomes [1, 3, size, size].
    square = Image.fromarray(picture).resize((size, size), Image.Resampling.BOX)
    images = np.asarray(square, dtype=np.float32).transpose(2, 0, 1)[None]
    boxes, scores, labels, masks = (output[0] for output in session.run(None, {"images": images}))
    objects = []
    for box, score, label, soft in zip(boxes, scores, labels, masks, strict=True):
        if score < threshold:
            break  # the best come first
        # The soft mask is enlarged to the picture, then cut off at a half.
        mask = Image.fromarray(soft.astype(np.float32)).resize((width, height), Image.Resampling.BILINEAR)
        corners = (box.clip(0, 1) * [width, height, width, height]).round(1).tolist()
        objects.append({"label": int(label), "score": float(score), "box": corners, "mask": np.asarray(mask) > 0.5})
    return objects


def draw(picture: np.ndarray, objects: list[dict]) -> np.ndarray:
    """The picture with each mask in a colour of its class."""
    drawn = picture.astype(np.float32)
    for item in objects:
        drawn[item["mask"]] = 0.5 * drawn[item["mask"]] + 0.5 * COLORS[item["label"] % len(COLORS)]
    return drawn.astype(np.uint8)


def main() -> None:
    """Predicts on one picture, prints the objects and writes the drawn picture."""
    model, photo, out = sys.argv[1:4]
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    # Classes and the threshold that training chose are in the file.
    stored = session.get_modelmeta().custom_metadata_map
    classes = stored["classes"].split("\n")
    threshold = json.loads(stored["threshold"])["score"] if "threshold" in stored else 0.3
    picture = np.asarray(ImageOps.exif_transpose(Image.open(photo)).convert("RGB"))
    objects = detect(session, picture, threshold)
    for item in objects:
        print(f"{classes[item['label']]} {item['score']:.3f} {item['box']}")
    Image.fromarray(draw(picture, objects)).save(out)


if __name__ == "__main__":
    main()
