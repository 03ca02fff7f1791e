"""Generators and discriminators as a config describes them."""

from modules.discriminators import patch_discriminator, pixel_discriminator
from modules.generators import resnet_generator, unet_generator
from ops.norm import find_norm


def build_generator(config, images, channels, dtype, step, **where):
    """Calls the generator that a config names.

    Args:
      config: TranslatorConfig.
      images: float32 tensor [batch, height, width, input channels] in [-1, 1]; sides are multiples of `config.size_multiple`.
      channels: int, output channels.
      dtype: dtype of the computation.
      step: integer scalar tensor, for dropout.
      **where: `name` of the network, whose calls share variables, and `call`, this use of it (see `ops.scope`).

    Returns:
      float32 tensor [batch, height, width, channels] in [-1, 1].
    """
    options = {
        "ngf": config.ngf, "norm": find_norm(config.norm, config.norm_scale), "dropout": 0.5 * config.dropout, "dtype": dtype,
        "step": step, **({"leak": config.leak} if config.leak >= 0 else {}),
    }  # fmt: skip
    if config.generator == "unet":
        return unet_generator(images, channels, levels=config.levels, **options, **where)
    return resnet_generator(
        images, channels, blocks=config.generator_blocks, upsampling=config.upsampling, long_skip=config.long_skip,
        **options, **where,
    )  # fmt: skip


def build_discriminator(config, images, dtype, **where):
    """Calls the discriminator that a config names; arguments as for `build_generator`. Returns a float32 map of logits."""
    options = {
        "ndf": config.ndf, "norm": find_norm(config.norm, config.norm_scale), "leak": config.discriminator_leak,
        "bias": config.discriminator_bias, "dtype": dtype,
    }  # fmt: skip
    if config.discriminator == "pixel":
        return pixel_discriminator(images, **options, **where)
    return patch_discriminator(images, layers=config.discriminator_layers, **options, **where)
