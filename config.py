"""Every hyper-parameter: its name, default, help and range, once. Flags, checks, `--help` and `config.json` are made from here."""

import dataclasses
import json
import math


class ConfigError(ValueError):
    """A value or a combination of values that cannot be; the message is one line for the user."""


def option(default, help, group, choices=None, low=None, high=None, resumable=False):
    """Declares one hyper-parameter.

    Args:
      default: its default; its type is that of the annotation (str, int, float or bool).
      help: str, one line; units and meaning.
      group: str, heading under which `--help` lists it.
      choices: allowed values, or None.
      low: smallest allowed value, or None.
      high: largest allowed value, or None.
      resumable: bool, whether a run may be continued with another value.
    """
    about = {"help": help, "group": group, "choices": choices, "low": low, "high": high, "resumable": resumable}
    return dataclasses.field(default=default, metadata=about)


def other_default(owner, name, default):
    """Declares an option of the Config class `owner` again, with another default; help and range stay."""
    return dataclasses.field(default=default, metadata=owner.__dataclass_fields__[name].metadata)


@dataclasses.dataclass(frozen=True)
class Config:
    """What every model takes. A model adds its own in a subclass; `check` refuses what cannot be."""

    model: str = option("cyclegan", "Model to train.", "run", ["cyclegan", "pix2pix", "wgan", "darknet"])
    preset: str = option("", "Named set of values; flags given beside it win.", "run")
    data_dir: str = option(
        "", "Output of build_data.py, or images as they are: the model's layout is in the README. CycleGAN: 'scenes' are built in.", "run"
    )
    run_dir: str = option("", "Folder of the run: checkpoints, samples, TensorBoard events. Empty: runs/<preset or model>.", "run")
    seed: int = option(0, "Seed of weights, data order, augmentation, dropout and image pool.", "run", low=0, high=2**31 - 1)
    overwrite: bool = option(False, "Start anew in a run folder that holds a run, deleting it.", "run")

    image_size: int = option(256, "Side of the training crop, in pixels.", "data", low=8)
    load_size: int = option(
        0, "Side before the crop, in pixels. 0: image_size * 286 / 256, with pad_and_crop image_size * 40 / 32.", "data", low=0
    )
    preprocess: str = option(
        "resize_and_crop",
        "How images become training crops; scale_and_crop scales the shorter side, pad_and_crop mirrors the border, "
        "none only rounds the sides to multiples of 4.",
        "data",
        ["resize_and_crop", "crop", "scale_width", "scale_width_and_crop", "scale_and_crop", "pad_and_crop", "none"],
    )
    flip: bool = option(True, "Mirror half of the training images left to right.", "data")
    batch_size: int = option(1, "Images of each domain in one step.", "data", low=1)

    max_steps: int = option(200_000, "Length of the run, in steps.", "training", low=1, resumable=True)
    epochs: int = option(
        0, "Length of the run, in passes over the largest training set, instead of max_steps. 0: max_steps counts.", "training", low=0,
        resumable=True,
    )  # fmt: skip
    learning_rate: float = option(2e-4, "Learning rate at the start.", "training", low=0.0)
    lr_policy: str = option(
        "linear",
        "Course of the learning rate: linear is constant for half of the run, then falls to 0.",
        "training",
        ["linear", "step", "cosine", "constant"],
    )
    precision: str = option(
        "auto",
        "Dtype of the networks; weights and losses stay float32. auto: the fastest this machine computes well.",
        "training",
        ["auto", "float32", "bfloat16", "float16"],
    )
    xla: bool = option(
        False, "Compile the step with XLA: seconds to minutes before the first step; slower on most CPUs.", "training", resumable=True
    )

    checkpoint_every: int = option(1000, "Steps between checkpoints.", "watching", low=1, resumable=True)
    keep_checkpoints: int = option(3, "Checkpoints kept; older ones are deleted.", "watching", low=1, resumable=True)
    summary_every: int = option(50, "Steps between points of the TensorBoard curves.", "watching", low=1, resumable=True)
    sample_every: int = option(500, "Steps between sample grids.", "watching", low=1, resumable=True)

    trace_every: int = option(0, "Steps between full traces for TensorBoard and Chrome, each some seconds long. 0: none.", "watching", low=0, resumable=True)

    def __post_init__(self):
        for field in dataclasses.fields(self):
            _check_value(field, getattr(self, field.name))
        if self.load_size == 0:
            border = 40 / 32 if self.preprocess == "pad_and_crop" else 286 / 256
            object.__setattr__(self, "load_size", round(self.image_size * border))
        self.check()

    def check(self):
        """Raises ConfigError for values that do not go together."""
        if self.preprocess.endswith("_and_crop") and self.image_size > self.load_size:
            raise ConfigError(
                f"--image_size={self.image_size} is larger than --load_size={self.load_size}: a crop cannot be larger than the "
                "image it is cut from; raise load_size (0 chooses it) or lower image_size"
            )
        if self.xla and not self.fixed_size:
            raise ConfigError(
                f"--xla compiles the step for one size, and --preprocess={self.preprocess} gives images of many; "
                "leave out --xla, or choose a preprocess that crops"
            )

    def with_data(self, sources):
        """The config with what only the data can say: how many steps the epochs are.

        Args:
          sources: dict by split name of the training sets, which have a length.

        Returns:
          Config.
        """
        if not self.epochs:
            return self
        images = max(map(len, sources.values()))
        return dataclasses.replace(self, max_steps=math.ceil(self.epochs * images / self.batch_size))

    @property
    def fixed_size(self):
        """Whether every training image has image_size rows and columns."""
        return "crop" in self.preprocess

    def values(self):
        """The values that describe the run, by name; where its folder lies is not one of them."""
        return {name: value for name, value in dataclasses.asdict(self).items() if name not in ("run_dir", "overwrite")}

    def to_json(self):
        """`values` as the text of `config.json`."""
        return json.dumps(self.values(), indent=2) + "\n"


@dataclasses.dataclass(frozen=True)
class TranslatorConfig(Config):
    """What models take whose generators make images of images, judged by discriminators: the networks, their game and Adam."""

    channels_a: int = option(3, "Channels of domain A: 3 for RGB, 1 for grey.", "data", [1, 3])
    channels_b: int = option(3, "Channels of domain B: 3 for RGB, 1 for grey.", "data", [1, 3])

    generator: str = option("resnet", "Network of the generators.", "networks", ["resnet", "unet"])
    generator_blocks: int = option(9, "Residual blocks of the ResNet generator; 6 are usual at 128 px and below.", "networks", low=1)
    unet_levels: int = option(0, "Halvings of the U-Net. 0: as many as lead to 1 pixel.", "networks", low=0, high=12)
    ngf: int = option(64, "Width of the generators' first layer.", "networks", low=1)
    upsampling: str = option(
        "transpose",
        "Upsampling of the ResNet generator; resize avoids checkerboards.",
        "networks",
        ["transpose", "resize"],
    )
    leak: float = option(
        -1.0,
        "Slope below 0 of the generators' activations (of the U-Net: its encoder's). -1: 0 in the ResNet, 0.2 in the U-Net.",
        "networks",
        low=-1.0,
        high=1.0,
    )
    long_skip: bool = option(False, "Add the ResNet encoder's output to the decoder's input.", "networks")
    dropout: bool = option(False, "Dropout of 0.5 in the generators.", "networks")
    discriminator: str = option(
        "patch", "Network of the discriminators: patches of pixels, or single pixels.", "networks", ["patch", "pixel"]
    )
    discriminator_layers: int = option(3, "Layers of stride 2 of the patch discriminator; 3 see 70 x 70 px.", "networks", low=1, high=7)
    discriminator_leak: float = option(
        0.2, "Slope below 0 of the discriminators' activations.", "networks", low=0.0, high=1.0
    )
    discriminator_bias: bool = option(True, "Biases in the discriminators; without, only the last convolution has one.", "networks")
    ndf: int = option(64, "Width of the discriminators' first layer.", "networks", low=1)
    norm: str = option("instance", "Normalisation.", "networks", ["instance", "affine_instance", "batch", "none"])
    norm_scale: float = option(1.0, "Mean of the learned scales of affine_instance and batch at the start.", "networks")
    init: str = option(
        "normal", "Initial weights.", "networks", ["normal", "truncated_normal", "xavier", "he", "orthogonal"]
    )

    gan_loss: str = option("lsgan", "Adversarial loss.", "losses", ["lsgan", "vanilla", "hinge", "wgangp"])
    real_label: float = option(1.0, "Target for real images in lsgan and vanilla; 0.9 smooths it.", "losses", low=0.0, high=1.0)
    beta1: float = option(0.5, "Adam: decay of the mean of gradients.", "training", low=0.0, high=0.9999)
    beta2: float = option(0.999, "Adam: decay of the mean of squared gradients.", "training", low=0.0, high=0.99999)

    def check(self):
        super().check()
        if self.batch_size > 1 and not self.fixed_size:
            raise ConfigError(
                f"--preprocess={self.preprocess} gives images of different sizes, which make no batch of {self.batch_size}; "
                "pass --batch_size=1, or a preprocess that crops"
            )
        if self.generator == "unet" and not self.fixed_size:
            raise ConfigError(
                f"--preprocess={self.preprocess} gives images whose sides are multiples of 4, but the U-Net needs multiples of "
                f"{self.size_multiple}; pass a preprocess that crops, or --generator=resnet"
            )
        if self.fixed_size and self.image_size % self.size_multiple:
            raise ConfigError(
                f"--image_size={self.image_size} must be a multiple of {self.size_multiple} for the {self.generator} generator"
            )
        if self.norm_scale != 1 and self.norm not in ("affine_instance", "batch"):
            raise ConfigError(f"--norm_scale={self.norm_scale} needs a norm with learned scales: affine_instance or batch, not {self.norm}")

    @property
    def levels(self):
        """Halvings of the U-Net generator."""
        return self.unet_levels or max(self.image_size.bit_length() - 1, 2)

    @property
    def size_multiple(self):
        """What height and width of a generator's input must be multiples of, in pixels."""
        return 4 if self.generator == "resnet" else 2**self.levels

    @property
    def smallest_size(self):
        """Least height and width of a generator's input, in pixels: the ResNet's reflection needs two rows after two halvings."""
        return 8 if self.generator == "resnet" else self.size_multiple


@dataclasses.dataclass(frozen=True)
class CycleGANConfig(TranslatorConfig):
    """CycleGAN; the defaults are those of the paper."""

    lambda_a: float = option(10.0, "Weight of the cycle A -> B -> A.", "losses", low=0.0)
    lambda_b: float = option(10.0, "Weight of the cycle B -> A -> B.", "losses", low=0.0)
    lambda_identity: float = option(0.5, "Weight of the identity loss, as a share of the cycle's. 0: none.", "losses", low=0.0)
    pool_size: int = option(50, "Generated images each discriminator's pool remembers. 0: no pool.", "losses", low=0)

    def check(self):
        if self.lambda_identity and self.channels_a != self.channels_b:
            raise ConfigError(
                f"--lambda_identity={self.lambda_identity} needs equal channels, but channels_a is {self.channels_a} and channels_b "
                f"is {self.channels_b}: an image of one domain is fed to the generator of the other; pass --lambda_identity=0"
            )
        if self.pool_size and not self.fixed_size:
            raise ConfigError(
                f"--preprocess={self.preprocess} gives images of different sizes, which the image pool cannot hold; "
                "pass --pool_size=0, or a preprocess that crops"
            )
        super().check()


@dataclasses.dataclass(frozen=True)
class Pix2PixConfig(TranslatorConfig):
    """pix2pix; the defaults are those of the paper."""

    model: str = other_default(Config, "model", "pix2pix")
    lr_policy: str = other_default(Config, "lr_policy", "constant")
    generator: str = other_default(TranslatorConfig, "generator", "unet")
    dropout: bool = other_default(TranslatorConfig, "dropout", True)
    norm: str = other_default(TranslatorConfig, "norm", "batch")
    gan_loss: str = other_default(TranslatorConfig, "gan_loss", "vanilla")

    direction: str = option("AtoB", "Which image of a pair is the input, and which the target.", "data", ["AtoB", "BtoA"])
    colorize: bool = option(
        False, "Learn from colour photographs, without pairs: the input is their lightness, the target their colours (Lab).", "data"
    )
    lambda_gan: float = option(1.0, "Weight of the adversarial loss.", "losses", low=0.0)
    lambda_l1: float = option(100.0, "Weight of the mean absolute difference to the target.", "losses", low=0.0)
    simultaneous: bool = option(
        False, "Both networks step from the same weights; else the generator answers to the discriminator's new ones.", "training"
    )

    def check(self):
        if self.colorize and (self.direction, self.channels_a, self.channels_b) != ("AtoB", 3, 3):
            raise ConfigError("--colorize goes from lightness to colour: leave out --direction, --channels_a and --channels_b")
        super().check()


def crop_option(default):
    """Declares `preprocess` for a model that needs images of one size."""
    help = "How images become training crops; scale_and_crop scales the shorter side, pad_and_crop mirrors the border."
    choices = ["resize_and_crop", "crop", "scale_width_and_crop", "scale_and_crop", "pad_and_crop"]
    return option(default, help, "data", choices)


@dataclasses.dataclass(frozen=True)
class WGANConfig(Config):
    """WGAN; the defaults are those of the paper."""

    model: str = other_default(Config, "model", "wgan")
    image_size: int = option(64, "Side of the images, in pixels; a multiple of 16.", "data", low=16)
    preprocess: str = crop_option("scale_and_crop")
    batch_size: int = option(64, "Images in one step.", "data", low=1)
    channels: int = option(3, "Channels of the images: 3 for RGB, 1 for grey.", "data", [1, 3])

    z_size: int = option(100, "Length of the noise that an image is made of.", "networks", low=1)
    ngf: int = option(64, "Width of the generator's last hidden layer; each before it is twice as wide.", "networks", low=1)
    ndf: int = option(64, "Width of the critic's first layer; each after it is twice as wide.", "networks", low=1)
    extra_layers: int = option(0, "3 x 3 layers added to both networks at half the image's size.", "networks", low=0)
    critic_norm: str = option(
        "auto", "Normalisation of the critic. auto: batch in wgan, layer in wgangp.", "networks", ["auto", "batch", "layer", "none"]
    )
    init: str = other_default(TranslatorConfig, "init", "normal")

    gan_loss: str = option(
        "wgan", "What keeps the critic's slope small: clipped weights, or the gradient penalty.", "losses", ["wgan", "wgangp"]
    )
    clip: float = option(0.01, "wgan: the critic's weights stay within -clip and clip.", "losses", low=1e-6)
    lambda_penalty: float = option(10.0, "wgangp: weight of the gradient penalty.", "losses", low=0.0)

    max_steps: int = option(200_000, "Length of the run, in steps, those of critic and generator together.", "training", low=1, resumable=True)
    learning_rate: float = option(0.0, "Learning rate at the start. 0: 5e-5 in wgan (RMSProp), 1e-4 in wgangp (Adam).", "training", low=0.0)
    lr_policy: str = other_default(Config, "lr_policy", "constant")
    critic_steps: int = option(5, "Steps of the critic before each of the generator's.", "training", low=1)
    critic_lead: int = option(
        -1,
        "Steps of the critic before each of the generator's first 25, and every 500th. -1: 100 in wgan, critic_steps in wgangp.",
        "training",
        low=-1,
    )
    beta1: float = option(0.0, "wgangp: Adam's decay of the mean of gradients.", "training", low=0.0, high=0.9999)
    beta2: float = option(0.9, "wgangp: Adam's decay of the mean of squared gradients.", "training", low=0.0, high=0.99999)

    def __post_init__(self):
        clipped = self.gan_loss == "wgan"
        chosen = {"learning_rate": 5e-5 if clipped else 1e-4, "critic_lead": 100 if clipped else self.critic_steps,
                  "critic_norm": "batch" if clipped else "layer"}  # fmt: skip
        for name, value in chosen.items():
            if getattr(self, name) == type(self).__dataclass_fields__[name].default:
                object.__setattr__(self, name, value)
        super().__post_init__()

    def check(self):
        super().check()
        if self.image_size % 16:
            raise ConfigError(f"--image_size={self.image_size} must be a multiple of 16 for the WGAN's networks")
        if self.critic_lead == 0:
            raise ConfigError("--critic_lead=0: must be at least 1, or -1 to choose it")
        if self.gan_loss == "wgangp" and self.critic_norm == "batch":
            raise ConfigError(
                "--critic_norm=batch does not go with --gan_loss=wgangp, whose penalty is for each image alone; pass layer or none"
            )


@dataclasses.dataclass(frozen=True)
class DarknetConfig(Config):
    """Darknet classifier; the defaults are those of CIFAR-10."""

    model: str = other_default(Config, "model", "darknet")
    image_size: int = option(32, "Side of the images, in pixels.", "data", low=8)
    preprocess: str = crop_option("pad_and_crop")
    batch_size: int = option(512, "Images in one step.", "data", low=1)
    classes: str = option("", "Names of the classes in the order of their numbers, joined by commas. Empty: those of the data, sorted.", "data")

    width: int = option(32, "Channels of the first layer; the last has 32 times as many.", "networks", low=2)
    init: str = option(
        "he", "Initial weights of the convolutions.", "networks", ["normal", "truncated_normal", "xavier", "he", "orthogonal"]
    )

    epochs: int = other_default(Config, "epochs", 30)
    learning_rate: float = option(1.3, "Largest learning rate; in one_cycle that of the middle of the run.", "training", low=0.0)
    lr_policy: str = option(
        "one_cycle",
        "Course of the learning rate: one_cycle rises to it from a fraction and falls again, momentum the other way.",
        "training",
        ["one_cycle", "linear", "step", "cosine", "constant"],
    )
    lr_divisor: float = option(20.0, "one_cycle: largest learning rate over that of the first step.", "training", low=1.0)
    momentum: float = option(0.95, "Momentum; in one_cycle that at the start and the end.", "training", low=0.0, high=0.9999)
    low_momentum: float = option(0.85, "one_cycle: momentum where the learning rate is largest.", "training", low=0.0, high=0.9999)
    weight_decay: float = option(1e-4, "Share of each weight that is added to its gradient.", "training", low=0.0)

    sample_every: int = option(500, "Steps between evaluations on all test images.", "watching", low=1, resumable=True)

    def check(self):
        super().check()
        if len(set(self.class_names)) < len(self.class_names):
            raise ConfigError(f"--classes={self.classes}: names a class twice")

    @property
    def class_names(self):
        """List of the names of the classes."""
        return self.classes.split(",") if self.classes else []

    def with_data(self, sources):
        """The config with the steps of its epochs and the names of the classes.

        Raises:
          ConfigError: the data's classes are not those of `classes`, or are fewer than two.
        """
        config = super().with_data(sources)
        found = sort_classes({name for source in sources.values() for name in source.classes()})
        if config.classes and set(config.class_names) != set(found):
            raise ConfigError(f"--classes={config.classes}: the data has the classes {','.join(found)}")
        if len(found) < 2:
            raise ConfigError(f"--data_dir={self.data_dir} has the one class {found[0]}: there is nothing to tell apart")
        return config if config.classes else dataclasses.replace(config, classes=",".join(found))


def sort_classes(names):
    """Lists names of classes in the order of their numbers: alphabetical, but those that are numbers by their value and first."""
    return sorted(names, key=lambda name: (not name.isdecimal(), int(name) if name.isdecimal() else 0, name))


CONFIGS = {"cyclegan": CycleGANConfig, "pix2pix": Pix2PixConfig, "wgan": WGANConfig, "darknet": DarknetConfig}

# A preset is a set of values for one model. Times and results are in the README.
PRESETS = {
    # 64 px on built-in landscapes, minutes on two cores: python train.py --preset=demo
    "demo": {
        "model": "cyclegan", "data_dir": "scenes", "image_size": 64, "load_size": 72, "generator_blocks": 6,
        "ngf": 32, "ndf": 32, "max_steps": 1500, "checkpoint_every": 500, "sample_every": 250, "summary_every": 25,
    },
    # The paper's runs on the public CycleGAN data sets: 200 epochs of the larger domain.
    "horse2zebra": {"model": "cyclegan", "max_steps": 200 * 1334},
    "monet2photo": {"model": "cyclegan", "max_steps": 200 * 6287},
    "summer2winter": {"model": "cyclegan", "max_steps": 200 * 1231},
    # Kaggle's "I'm Something of a Painter Myself": A are the 300 paintings, B the 7,028 photos, 25 epochs of the photos.
    "monet": {
        "model": "cyclegan", "generator": "unet", "leak": 0.3, "norm": "affine_instance", "norm_scale": 0.0,
        "discriminator_leak": 0.3, "discriminator_bias": False, "gan_loss": "vanilla", "pool_size": 0, "lr_policy": "constant",
        "load_size": 256, "flip": False, "max_steps": 25 * 7028,
    },
    # The paper's runs on the public pix2pix data sets: 200 epochs (edges2shoes: 15) at batch 1 (edges2shoes: 4).
    "facades": {"model": "pix2pix", "direction": "BtoA", "max_steps": 200 * 400},
    "maps": {"model": "pix2pix", "direction": "BtoA", "max_steps": 200 * 1096},
    "edges2shoes": {"model": "pix2pix", "batch_size": 4, "max_steps": 15 * 49_825 // 4},
    # Colours for greyscale photographs, from a folder of some thousand colour photographs.
    "colorize": {"model": "pix2pix", "colorize": True, "batch_size": 4, "max_steps": 100_000},
    # 64 px, the shorter side scaled: the paper's LSUN bedrooms, and the faces of CelebA. Of six steps one is the generator's.
    "lsun": {"model": "wgan", "image_size": 64, "load_size": 64, "max_steps": 1_000_000},
    "celeba": {"model": "wgan", "image_size": 64, "load_size": 64, "max_steps": 300_000},
    # 32 px in minutes on two cores: python train.py --preset=wgan32 --data_dir=DIR
    "wgan32": {
        "model": "wgan", "image_size": 32, "load_size": 32, "gan_loss": "wgangp", "learning_rate": 4e-4, "ngf": 32, "ndf": 32,
        "max_steps": 6000, "sample_every": 600, "summary_every": 30,
    },
    # CIFAR-10, 50,000 images of 32 px; and half as wide, for two cores or a tenth of the images: 20 epochs of 5,000 take seven minutes.
    "cifar10": {"model": "darknet", "epochs": 30, "batch_size": 512},
    "cifar10_small": {
        "model": "darknet", "epochs": 20, "batch_size": 64, "learning_rate": 0.1, "width": 16, "sample_every": 100, "summary_every": 10,
        "checkpoint_every": 200,
    },
}  # fmt: skip


def make_config(values):
    """Makes a config of the right class.

    Args:
      values: dict of values by name; those of its preset and defaults fill the rest.

    Returns:
      Config.

    Raises:
      ConfigError: for an unknown model, preset or name, and for values that cannot be.
    """
    preset = values.get("preset", "")
    if preset and preset not in PRESETS:
        raise ConfigError(f"--preset={preset}: must be one of {', '.join(PRESETS)}")
    if "max_steps" in values:
        values = {"epochs": 0, **values}  # which the preset or the model's default would put before it
    values = {**PRESETS.get(preset, {}), **values}
    model = values.get("model", Config.model)
    if model not in CONFIGS:
        raise ConfigError(f"--model={model}: must be one of {', '.join(CONFIGS)}")
    if preset and PRESETS[preset]["model"] != model:
        raise ConfigError(f"--preset={preset} is for the model {PRESETS[preset]['model']}, not for {model}")
    config_class = CONFIGS[model]
    known = {field.name for field in dataclasses.fields(config_class)}
    unknown = sorted(set(values) - known)
    if unknown:
        raise ConfigError(f"the model {model} knows no option {', '.join(unknown)}")
    return config_class(**values)


def continue_config(stored, given):
    """The config of a run that is continued.

    Args:
      stored: dict, the run's `config.json`.
      given: dict of the values the user gave explicitly this time.

    Returns:
      Config: the stored one with those given values that may change.

    Raises:
      ConfigError: naming the option and both values, where one differs that may not change.
    """
    options = {field.name: field for field in dataclasses.fields(CONFIGS[stored["model"]])}
    changed = {}
    for name, value in given.items():
        if name in ("run_dir", "overwrite") or value == stored.get(name) or (name == "precision" and value == "auto"):
            continue
        missing = name == "data_dir" and not stored.get(name)  # of a run made from another program's weights
        if not missing and (name not in options or not options[name].metadata["resumable"]):
            raise ConfigError(
                f"--{name}={value} differs from this run's {stored.get(name)!r} and cannot change within a run; "
                "leave the flag out to continue, choose another --run_dir, or start anew with --overwrite"
                + (" (if the data only moved, change data_dir in config.json)" if name == "data_dir" else "")
            )
        changed[name] = value
    if "max_steps" in changed:
        changed.setdefault("epochs", 0)
    return make_config({**stored, **changed, "run_dir": given["run_dir"]})


def _check_value(field, value):
    about = field.metadata
    if isinstance(value, float) and not math.isfinite(value):
        raise ConfigError(f"--{field.name}={value}: must be a finite number")
    if about["choices"] and value not in about["choices"]:
        raise ConfigError(f"--{field.name}={value}: must be one of {', '.join(map(str, about['choices']))}")
    if about["low"] is not None and not value >= about["low"]:
        raise ConfigError(f"--{field.name}={value}: must be at least {about['low']}")
    if about["high"] is not None and not value <= about["high"]:
        raise ConfigError(f"--{field.name}={value}: must be at most {about['high']}")
