"""An autoencoder: images through a narrow code and back."""

from __future__ import annotations

import dataclasses

from base.errors import ConfigError
from base.graph_mode import tf
from base.options import changed, option
from config import Config
from inputs.preprocess import CROPPING
from inputs.streams import Stream
from models.model import Model, Outputs, TrainOp, Translation
from ops.activations import leaky_relu
from ops.conv import conv2d, conv2d_transpose
from ops.losses import l1_loss
from ops.optimizers import Adam
from ops.schedules import learning_rate
from ops.scope import scope
from ops.totals import batch_means
from ops.train_step import loss_scale_for, objective, train_step

HALVINGS = 3  # of height and width, from the image to its code


@dataclasses.dataclass(frozen=True)
class AutoencoderConfig(Config):
    """What the autoencoder takes beside what every model takes."""

    image_size: int = changed(Config, "image_size", 64)
    preprocess: str = changed(Config, "preprocess", "resize_and_crop", choices=CROPPING)
    init: str = changed(Config, "init", "he")
    width: int = option(16, "Width of the first layer; each of the next two is twice as wide.", "networks", low=1)
    code_channels: int = option(8, "Channels of the code; its sides are an eighth of the image's.", "networks", low=1)

    def check(self) -> None:
        super().check()
        if self.image_size % 2**HALVINGS:
            raise ConfigError(f"--image_size={self.image_size} must be a multiple of {2**HALVINGS} for the autoencoder")


@scope("autoencoder", reuse=True)
def autoencoder(x: tf.Tensor, width: int, code_channels: int, dtype: str = "float32") -> tf.Tensor:
    """Convolutions to a code and back. At 64 px, width 16 and 8 code channels: 64x64x3 => 8x8x8 => 64x64x3.

    Args:
      x: float32 tensor [batch, height, width, channels] in [-1, 1]; height and width are multiples of 8.
      width: of the first layer.
      code_channels: of the code.
      dtype: of the computation.

    Returns:
      float32 tensor of the shape of `x`, in [-1, 1].
    """
    y = tf.cast(x, dtype)
    for level in range(HALVINGS):
        y = leaky_relu(conv2d(y, width * 2**level, 4, stride=2, padding=1))
    y = conv2d(y, code_channels, 1, name="code")  # [N, H/8, W/8, code_channels]
    for level in reversed(range(HALVINGS)):
        y = leaky_relu(conv2d_transpose(y, width * 2**level, 4))
    y = conv2d(y, x.shape[-1], 3, padding=1)  # [N, H, W, channels]
    return tf.nn.tanh(tf.cast(y, tf.float32))


class Autoencoder(Model):
    """Learns to give its input back, by the mean absolute difference."""

    config_class = AutoencoderConfig
    config: AutoencoderConfig

    @classmethod
    def streams(cls, config):
        return {"images": Stream("train")}

    def build_networks(self, images):
        self.images = images
        self.output = autoencoder(
            images, self.config.width, self.config.code_channels, dtype=self.dtype, name="autoencoder"
        )
        multiple = 2**HALVINGS
        return Outputs(
            samples={"input": images, "output": self.output},
            translations={"reconstruct": Translation(images, self.output, multiple, smallest=multiple)},
        )

    def build_train_ops(self):
        config = self.config
        loss = l1_loss(self.output, self.images)
        rate = learning_rate(config.learning_rate, config.lr_policy, self.step, config.max_steps)
        optimizer = Adam(rate, beta1=0.9, beta2=0.999, updates=self.step)
        networks = objective("autoencoder", loss, ["autoencoder"], optimizer, loss_scale_for(self.dtype, "autoencoder"))
        scalars = {**batch_means({"loss/l1": loss}), "learning_rate": rate}
        return {"train": TrainOp(train_step([networks]), scalars)}
