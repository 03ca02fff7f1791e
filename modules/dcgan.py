"""The DCGAN networks of the WGAN: noise to images, and images to one number each. float32 in and out."""

from __future__ import annotations

from base.graph_mode import tf
from ops.activations import leaky_relu, relu
from ops.conv import conv2d, conv2d_transpose, conv2d_transpose_valid
from ops.norm import Norm, batch_norm
from ops.scope import scope


@scope("dcgan_generator", reuse=True)
def dcgan_generator(
    z: tf.Tensor,
    size: int,                # height and width of the images
    channels: int,            # of the images
    ngf: int = 64,            # width of the last hidden layer; each layer before it is twice as wide
    extra_layers: int = 0,    # 3 x 3 layers before the last
    norm: Norm = batch_norm,  # normalisation
    dtype: str = "float32",   # dtype of the computation
) -> tf.Tensor:  # fmt: skip
    """DCGAN generator, without biases.

    At 64 px and ngf 64: 100 => 4x4x512 => 8x8x256 => 16x16x128 => 32x32x64 => 64x64x3.

    Args:
      z: float32 tensor [batch, length], normally distributed.
      size: int, a multiple of 16.

    Returns:
      float32 tensor [batch, size, size, channels] in [-1, 1].

    Source: Radford et al. 2015, arXiv 1511.06434, as in the code of the WGAN (Arjovsky et al. 2017, arXiv 1701.07875).
    """
    innermost, halvings = pyramid(size)
    bias = not norm.has_offset
    # fmt: off
    y = tf.cast(z, dtype)[:, None, None, :]                                       # [N, 1, 1, length]
    y = conv2d_transpose_valid(y, ngf * 2 ** (halvings - 1), innermost)           # [N, 4, 4, ngf 2^(halvings-1)]
    y = relu(norm(y))
    for level in range(halvings - 2, -1, -1):                                     # [N, 8, 8, ...] to [N, size/2, ...]
        y = relu(norm(conv2d_transpose(y, ngf * 2**level, 4, bias=bias)))
    for _ in range(extra_layers):
        y = relu(norm(conv2d(y, ngf, 3, padding=1, bias=bias)))
    y = conv2d_transpose(y, channels, 4, bias=False)                              # [N, size, size, channels]
    # fmt: on
    return tf.nn.tanh(tf.cast(y, tf.float32))


@scope("dcgan_critic", reuse=True)
def dcgan_critic(
    x: tf.Tensor,
    ndf: int = 64,            # width of the first layer; each layer after it is twice as wide
    extra_layers: int = 0,    # 3 x 3 layers after the first
    norm: Norm = batch_norm,  # normalisation, after all convolutions but the first and the last
    dtype: str = "float32",   # dtype of the computation
) -> tf.Tensor:  # fmt: skip
    """DCGAN critic, without biases. At 64 px and ndf 64: 64x64x3 => 32x32x64 => 16x16x128 => 8x8x256 => 4x4x512 => 1.

    Args:
      x: float32 tensor [batch, size, size, channels] in [-1, 1]; size a multiple of 16, known.

    Returns:
      float32 tensor [batch]: how real each image is, on a scale without ends.

    Source: as `dcgan_generator`.
    """
    bias = not norm.has_offset
    innermost, halvings = pyramid(x.shape[1])
    # fmt: off
    y = leaky_relu(conv2d(tf.cast(x, dtype), ndf, 4, stride=2, padding=1, bias=False))   # [N, size/2, size/2, ndf]
    for _ in range(extra_layers):
        y = leaky_relu(norm(conv2d(y, ndf, 3, padding=1, bias=bias)))
    for level in range(1, halvings):                                                     # [N, size/4, ...], to 4
        y = leaky_relu(norm(conv2d(y, ndf * 2**level, 4, stride=2, padding=1, bias=bias)))
    y = conv2d(y, 1, innermost, bias=False)                                              # [N, 1, 1, 1]
    # fmt: on
    return tf.cast(y[:, 0, 0, 0], tf.float32)


def pyramid(size: int) -> tuple[int, int]:
    """Splits a side into the innermost side and the halvings that lead there.

    The innermost side is 4 for powers of 2, else the first that is odd or below 8. With 48 px the innermost maps are
    6 x 6, and so is the window of the layers that lead from the noise and to the verdict.
    """
    size, halvings = int(size), 0
    while size % 2 == 0 and size >= 8:
        size, halvings = size // 2, halvings + 1
    return size, halvings
