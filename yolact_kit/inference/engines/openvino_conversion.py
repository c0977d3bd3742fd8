"""From a network of torch's to one of OpenVINO's."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import torch

from yolact_kit.inference.engines.openvino_core import openvino
from yolact_kit.models.traced import TracedNetwork

if TYPE_CHECKING:
    from openvino import Model


def converted(network: TracedNetwork) -> Model:
    """A network as OpenVINO's, for one image of its input size, with named input and outputs.

    Args:
        network: The network, on the CPU.

    Returns:
        The model, in float32.

    Raises:
        RuntimeError: OpenVINO has no counterpart of something that the network computes.
    """
    images = network.example()
    with warnings.catch_warnings(), torch.no_grad():
        # The recorder warns wherever a shape decides something; all shapes are fixed here.
        warnings.simplefilter("ignore")
        # Recorded here and not by OpenVINO, which records everything once more to compare: three times as long.
        recorded = torch.jit.trace(network, images, check_trace=False)  # type: ignore[no-untyped-call]
        model = openvino.convert_model(recorded, example_input=images, input=[list(images.shape)])
    for output, name in zip(model.outputs, network.outputs, strict=True):
        output.get_tensor().set_names({name})
    return model
