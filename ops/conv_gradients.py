"""Gradients of convolutions on CPUs, by other convolutions where TensorFlow's kernels for gradients are slow.

Without oneDNN, as TensorFlow chooses where there is no AVX-512, those unfold an image to the matrix of all its windows.
With few filters at a high resolution, as in the last layer of a generator, that takes most of a step and of its memory.
As convolutions of other arrangements the same sums take a fraction of both. With oneDNN they are fast, but for one: in
bfloat16, on a CPU with AMX, the gradient for the image of that last layer takes 87 ms at 256 px, and 3 so arranged.
What is chosen for which sizes was measured on two cores each, of an AMD EPYC (Zen 3) and of an Intel Xeon with AMX.

What a convolution saw is not kept for them where it takes little time to compute again (`ops.again`).
"""

from __future__ import annotations

import contextlib

from base.graph_mode import has_gpu_driver, tf, uses_onednn
from base.machine import cpu_features
from ops.again import computed_again
from ops.gradients import with_gradients

FEW = 4  # filters
MANY_WEIGHTS = 2**20  # which TensorFlow's kernel packs anew for every image


def own_gradients(kind: str = "Conv2D") -> contextlib.AbstractContextManager:
    """A context in which the gradients of new convolutions (VALID) are those of this file; on GPUs TensorFlow's.

    Args:
      kind: type of the ops, a key of GRADIENTS.
    """
    if has_gpu_driver():
        return contextlib.nullcontext()
    return with_gradients(kind, GRADIENTS[kind])


def arrangement() -> str:
    """By what gradients are computed here: "convolutions", "tensorflow", or the "last" layer's by the former."""
    if has_gpu_driver():
        return "tensorflow"
    if not uses_onednn():
        return "convolutions"
    return "last" if "amx_bf16" in cpu_features() else "tensorflow"


def _gradients(op, dy):
    """The gradients for the image and the weights of a convolution, given that for its result."""
    x, weights = (computed_again(tensor, dy) for tensor in op.inputs)
    kernel, filters = weights.shape[0], weights.shape[3]
    strides, arranged = op.get_attr("strides"), arrangement()
    plain = strides[1] == 1 and kernel > 1
    both = plain and arranged == "convolutions" and dy.dtype.size >= 4
    if filters <= FEW and (both or (plain and arranged == "last" and dy.dtype == tf.bfloat16)):
        of_image = _of_image(weights, dy, kernel)
    elif both and weights.shape.num_elements() > MANY_WEIGHTS:
        of_image = tf.ensure_shape(_of_image_by_places(weights, dy, kernel), x.shape)
    else:
        of_image = tf.nn.conv2d_backprop_input(tf.shape(op.inputs[0]), weights, dy, strides, "VALID")
    if not both:
        return of_image, tf.nn.conv2d_backprop_filter(x, tf.shape(weights), dy, strides, "VALID")
    return of_image, _of_few_weights(x, dy, kernel) if filters <= FEW else _of_weights(x, dy)


def _transposed_gradients(op, dy):
    """The gradients for the weights and the image of a transposed convolution, given that for its result."""
    weights, x = (computed_again(tensor, dy) for tensor in op.inputs[1:])
    strides = op.get_attr("strides")
    of_weights = tf.nn.conv2d_backprop_filter(dy, tf.shape(weights), x, strides, "VALID")
    return None, of_weights, tf.nn.conv2d(dy, weights, strides, "VALID")


def _of_image(weights, dy, kernel):
    """Every pixel gathers what it went into: dy, with a border of zeros, under the kernel turned by 180 degrees."""
    turned = tf.transpose(tf.reverse(weights, [0, 1]), [0, 1, 3, 2])
    return tf.nn.conv2d(_with_border(dy, kernel), turned, 1, "VALID")


def _of_image_by_places(weights, dy, kernel):
    """What each place of the kernel passes on, at its distance from the border: one matrix product for all images."""
    channels, filters = weights.shape[2:]
    values = tf.matmul(tf.reshape(dy, [1, -1, filters]), tf.reshape(weights, [-1, channels, filters]), transpose_b=True)
    places = tf.unstack(tf.reshape(values, [kernel**2, *tf.unstack(tf.shape(dy)[:3]), channels]))
    borders = [(place, kernel - 1 - place) for place in range(kernel)]
    around = [[(0, 0), rows, columns, (0, 0)] for rows in borders for columns in borders]
    return tf.add_n([tf.pad(place, border) for place, border in zip(places, around, strict=True)])


def _of_weights(x, dy):
    """Each channel of the image, as an image of its own, under dy as the kernel."""
    by_channel = tf.nn.conv2d(tf.transpose(x, [3, 1, 2, 0]), tf.transpose(dy, [1, 2, 0, 3]), 1, "VALID")
    return tf.transpose(by_channel, [1, 2, 0, 3])  # [channels, kernel, kernel, filters] before


def _of_few_weights(x, dy, kernel):
    """Each channel of dy, as an image of its own with a border of zeros, under the image as the kernel."""
    by_filter = tf.nn.conv2d(
        tf.transpose(_with_border(dy, kernel), [3, 1, 2, 0]), tf.transpose(x, [1, 2, 0, 3]), 1, "VALID"
    )  # [filters, kernel, kernel, channels], turned by 180 degrees
    return tf.transpose(tf.reverse(by_filter, [1, 2]), [1, 2, 3, 0])


def _with_border(dy, kernel):
    return tf.pad(dy, [(0, 0), (kernel - 1, kernel - 1), (kernel - 1, kernel - 1), (0, 0)])


GRADIENTS = {"Conv2D": _gradients, "Conv2DBackpropInput": _transposed_gradients}
