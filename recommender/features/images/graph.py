"""EfficientNet-Lite0 (Tan & Le, ICML 2019; the Lite variant without squeeze-and-excite) as an ONNX graph.

Batch normalisation is folded into the convolutions. Outputs: the last feature map, its mean, and the 1,000
ImageNet logits.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from recommender.features.images.pretrained import Arrays

IMAGE_SIZE = 224
EMBEDDING_SIZE = 1280
N_CLASSES = 1000
MAP_SIZE = 7
INPUT, MAP, EMBEDDING, LOGITS = "image", "map", "embedding", "logits"

#: kernel, stride of each of the 16 blocks' depthwise convolutions.
_BLOCKS = (
    (3, 1), (3, 2), (3, 1), (5, 2), (5, 1), (3, 2), (3, 1), (3, 1),
    (5, 1), (5, 1), (5, 1), (5, 2), (5, 1), (5, 1), (5, 1), (3, 1),
)  # fmt: skip
_EPSILON = 1e-3  # of the batch normalisation, as trained
_OPSET = 13


class _Graph:
    """Nodes and weights while the graph grows."""

    def __init__(self, arrays: Arrays) -> None:
        self.arrays = arrays
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def add_weight(self, name: str, value: np.ndarray) -> str:
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(value, dtype=np.float32), name))
        return name

    def add_conv(self, source: str, conv: str, norm: str, stride: int, is_clipped: bool) -> str:
        """A convolution with its batch normalisation folded in, and ReLU6 where `is_clipped`."""
        weight = self.arrays[f"{conv}.weight"]
        scale = self.arrays[f"{norm}.weight"] / np.sqrt(self.arrays[f"{norm}.running_var"] + _EPSILON)
        bias = self.arrays[f"{norm}.bias"] - self.arrays[f"{norm}.running_mean"] * scale
        inputs = [
            source,
            self.add_weight(f"{conv}.w", weight * scale[:, None, None, None]),
            self.add_weight(f"{conv}.b", bias),
        ]
        is_depthwise = weight.shape[1] == 1 and weight.shape[0] > 1 and "depthwise" in conv
        kernel = weight.shape[-1]
        self.nodes.append(
            helper.make_node(
                "Conv", inputs, [f"{conv}.out"], kernel_shape=[kernel, kernel], strides=[stride, stride],
                group=weight.shape[0] if is_depthwise else 1, auto_pad="SAME_UPPER",
            )
        )  # fmt: skip
        if not is_clipped:
            return f"{conv}.out"
        self.nodes.append(helper.make_node("Clip", [f"{conv}.out", "zero", "six"], [f"{conv}.clipped"]))
        return f"{conv}.clipped"

    def add_block(self, source: str, block: int, kernel: int, stride: int) -> str:
        """An inverted bottleneck: expand, depthwise, project, and the shortcut where the sizes agree."""
        name = f"_blocks.{block}"
        inside = source
        if f"{name}._expand_conv.weight" in self.arrays:
            inside = self.add_conv(inside, f"{name}._expand_conv", f"{name}._bn0", 1, True)
        inside = self.add_conv(inside, f"{name}._depthwise_conv", f"{name}._bn1", stride, True)
        inside = self.add_conv(inside, f"{name}._project_conv", f"{name}._bn2", 1, False)
        n_out = self.arrays[f"{name}._project_conv.weight"].shape[0]
        expand = self.arrays.get(f"{name}._expand_conv.weight")
        if stride == 1 and expand is not None and expand.shape[1] == n_out:
            self.nodes.append(helper.make_node("Add", [inside, source], [f"{name}.sum"]))
            inside = f"{name}.sum"
        return inside


def build_graph(arrays: Arrays) -> bytes:
    """The ONNX model as bytes: (n, 3, 224, 224) float32 in; map (n, 1280, 7, 7), embedding (n, 1280), logits
    (n, 1000) float32 out."""
    graph = _Graph(arrays)
    graph.add_weight("zero", np.zeros(()))
    graph.add_weight("six", np.full((), 6.0))
    last = graph.add_conv(INPUT, "_conv_stem", "_bn0", 2, True)
    for block, (kernel, stride) in enumerate(_BLOCKS):
        last = graph.add_block(last, block, kernel, stride)
    last = graph.add_conv(last, "_conv_head", "_bn1", 1, True)
    graph.nodes += [
        helper.make_node("Identity", [last], [MAP]),
        helper.make_node("GlobalAveragePool", [last], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], [EMBEDDING], axis=1),
        helper.make_node(
            "Gemm",
            [
                EMBEDDING,
                graph.add_weight("fc.w", arrays["_fc.weight"]),
                graph.add_weight("fc.b", arrays["_fc.bias"]),
            ],
            [LOGITS],
            transB=1,
        ),
    ]
    return _wrap(graph)


def _wrap(graph: _Graph) -> bytes:
    def describe(name: str, *shape: int) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", *shape])

    body = helper.make_graph(
        graph.nodes,
        "efficientnet-lite0",
        [describe(INPUT, 3, IMAGE_SIZE, IMAGE_SIZE)],
        [
            describe(MAP, EMBEDDING_SIZE, MAP_SIZE, MAP_SIZE),
            describe(EMBEDDING, EMBEDDING_SIZE),
            describe(LOGITS, N_CLASSES),
        ],
        graph.weights,
    )
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=8)
    return bytes(model.SerializeToString())
