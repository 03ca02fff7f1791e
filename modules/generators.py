"""Generators: images in, images out, both float32 in [-1, 1]."""

from __future__ import annotations

import functools

from base.graph_mode import tf
from ops.activations import dropout as dropout_op
from ops.activations import leaky_relu, relu
from ops.blocks import res_block, resize_conv2d
from ops.conv import conv2d, conv2d_transpose
from ops.norm import Norm, instance_norm
from ops.padding import reflect_pad
from ops.recomputation import recomputed
from ops.scope import scope

UPSAMPLING = {"transpose": conv2d_transpose, "resize": resize_conv2d}


@scope("resnet_generator", reuse=True)
def resnet_generator(
    x: tf.Tensor,
    channels: int,                  # output channels
    ngf: int = 64,                  # width of the first layer
    blocks: int = 9,                # residual blocks; 6 are usual at 128 px and below
    norm: Norm = instance_norm,     # normalisation
    upsampling: str = "transpose",  # one of UPSAMPLING: transposed convolution; or resize, then convolve
    leak: float = 0.0,              # slope of the activations below 0; 0 is ReLU
    dropout: float = 0.0,           # share dropped inside the residual blocks
    long_skip: bool = False,        # add the encoder's output to the decoder's input
    dtype: str = "float32",         # dtype of the computation
    step: tf.Tensor | None = None,  # global step, needed for dropout
) -> tf.Tensor:  # fmt: skip
    """ResNet generator of CycleGAN: c7s1-ngf, d2ngf, d4ngf, R4ngf x blocks, u2ngf, ungf, c7s1-channels.

    Args:
      x: float32 tensor [batch, height, width, input channels]; height and width multiples of 4, at least 8.

    Returns:
      float32 tensor [batch, height, width, channels] in [-1, 1].

    Source: Zhu et al. 2017, arXiv 1703.10593, appendix 7.2.
    """
    bias = not norm.has_offset
    activation = functools.partial(leaky_relu, leak=leak) if leak else relu
    if upsampling not in UPSAMPLING:
        raise ValueError(f"upsampling is {upsampling!r}; it must be one of {', '.join(UPSAMPLING)}")
    upsample = UPSAMPLING[upsampling]

    # fmt: off
    with tf.variable_scope("encoder"):
        y = reflect_pad(tf.cast(x, dtype), 3)
        y = activation(norm(conv2d(y, ngf, 7, bias=bias)))                           # [N, H, W, ngf]
        y = activation(norm(conv2d(y, 2 * ngf, 3, stride=2, padding=1, bias=bias)))  # [N, H/2, W/2, 2 ngf]
        y = activation(norm(conv2d(y, 4 * ngf, 3, stride=2, padding=1, bias=bias)))  # [N, H/4, W/4, 4 ngf]
        y = encoded = recomputed(y, since=x)
    with tf.variable_scope("blocks"):
        for _ in range(blocks):
            y = recomputed(res_block(y, norm, activation, dropout, step), since=y)   # [N, H/4, W/4, 4 ngf]
    with tf.variable_scope("decoder"):
        if long_skip:
            y += encoded
        transformed = y
        y = activation(norm(upsample(y, 2 * ngf, 3, bias=bias)))                     # [N, H/2, W/2, 2 ngf]
        y = activation(norm(upsample(y, ngf, 3, bias=bias)))                         # [N, H, W, ngf]
        y = recomputed(conv2d(reflect_pad(y, 3), channels, 7), since=transformed)    # [N, H, W, channels]
        return tf.nn.tanh(tf.cast(y, tf.float32))
    # fmt: on


@scope("unet_generator", reuse=True)
def unet_generator(
    x: tf.Tensor,
    channels: int,                  # output channels
    ngf: int = 64,                  # width of the first layer; later layers have at most 8 ngf
    levels: int = 8,                # halvings: 8 for 256 px, 7 for 128 px
    norm: Norm = instance_norm,     # normalisation
    leak: float = 0.2,              # slope of the encoder's activations below 0
    dropout: float = 0.0,           # share dropped in the three innermost decoder levels, where they are 8 ngf wide
    dtype: str = "float32",         # dtype of the computation
    step: tf.Tensor | None = None,  # global step, needed for dropout
) -> tf.Tensor:  # fmt: skip
    """U-Net generator of pix2pix: an encoder and a decoder with a skip at every resolution.

    At 256 px and ngf 64, height and width times channels:
      encoder  128.64  64.128  32.256  16.512  8.512  4.512  2.512  1.512
      decoder  2.512   4.512   8.512   16.512  32.256  64.128  128.64  256.channels
    Each of the decoder's but the last is concatenated with its skip.

    Args:
      x: float32 tensor [batch, height, width, input channels]; height and width multiples of 2^levels.

    Returns:
      float32 tensor [batch, height, width, channels] in [-1, 1].

    Source: Isola et al. 2016, arXiv 1611.07004, appendix 6.1.
    """
    bias = not norm.has_offset
    widths = [ngf * min(2**level, 8) for level in range(levels)]

    with tf.variable_scope("encoder1"):
        y = conv2d(tf.cast(x, dtype), ngf, 4, stride=2, padding=1, bias=bias)
    skips = [y]
    for level in range(1, levels):
        innermost = level == levels - 1
        with tf.variable_scope(f"encoder{level + 1}"):  # [N, h, w, widths[level-1]] => [N, h/2, w/2, widths[level]]
            y = conv2d(leaky_relu(y, leak), widths[level], 4, stride=2, padding=1, bias=bias)
            skips.append(y if innermost else norm(y))
            y = skips[-1]
    for level in range(levels - 1, 0, -1):
        with tf.variable_scope(f"decoder{level + 1}"):  # [N, h, w, c] => [N, 2h, 2w, 2 widths[level-1]]
            y = norm(conv2d_transpose(relu(y), widths[level - 1], 4, bias=bias))
            if dropout and level >= levels - 3 and widths[level - 1] == 8 * ngf:
                y = dropout_op(y, dropout, step)
            y = tf.concat([skips[level - 1], y], axis=-1)
    with tf.variable_scope("decoder1"):
        y = conv2d_transpose(relu(y), channels, 4)
        return tf.nn.tanh(tf.cast(y, tf.float32))
