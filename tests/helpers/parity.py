"""Our networks and training steps on given weights, images and random numbers.

NumPy draws them, so that PyTorch's networks get the same. Weights are dicts of float32 arrays by PyTorch's names, in
PyTorch's layout.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np

from base.graph_mode import tf
from models.cyclegan import CycleGAN, CycleGANConfig
from modules.discriminators import patch_discriminator, pixel_discriminator
from modules.generators import resnet_generator, unet_generator
from ops.norm import find_norm
from run_folder.pytorch_weights import convert, recognize

ROLES = ("generator_ab", "generator_ba", "discriminator_a", "discriminator_b")
NORMS = ("instance", "affine_instance", "batch", "none")
LOSSES = ("loss/", "generator/", "discriminator/")  # how the scalars begin that are losses
NETWORKS = {  # ours, by the kind of network
    "resnet": functools.partial(resnet_generator, channels=3),
    "unet": functools.partial(unet_generator, channels=3),
    "patch": patch_discriminator,
    "pixel": pixel_discriminator,
}
ROLE_OF = {"resnet": "generator_ab", "unet": "generator_ab", "patch": "discriminator_a", "pixel": "discriminator_a"}

# Limits
LARGEST_DIFFERENCE = 1e-4  # of an output, which is in [-1, 1] or a logit
LARGEST_GRADIENT_ERROR = 1e-3  # as a share of the largest element of a weight's gradient
FARTHER = 2.0  # than the reference's own float32 may ours be from its float64
NEAR = 2e-6  # a distance of losses that is never too far

# What is stored: see tests/parity/make_reference.py
OUTPUTS = {  # kind: (options, shape of the images)
    "resnet": ({"ngf": 8, "blocks": 2}, (2, 24, 32, 3)),
    "unet": ({"ngf": 4, "levels": 5}, (2, 32, 32, 3)),
    "patch": ({"ndf": 8, "layers": 3}, (2, 45, 61, 3)),
    "pixel": ({"ndf": 8}, (2, 17, 23, 3)),
}
TINY = {
    "image_size": 32,
    "generator_blocks": 1,
    "ngf": 4,
    "ndf": 4,
    "discriminator_layers": 2,
    "precision": "float32",
}
GRADIENTS = {"pool_size": 0}
GRADIENT_DRAWS = 3  # of images
TRAJECTORIES = {
    "lsgan-resnet": {},
    "vanilla-unet": {"gan_loss": "vanilla", "batch_size": 2, "generator": "unet", "norm": "batch"},
}
STEPS = 20
BETA2 = 1 - 2.0**-10  # exact in float32, for `steps_too_far`


class Batch(NamedTuple):
    """What one training step takes."""

    real_a: np.ndarray  # float32 [batch, height, width, 3] in [-1, 1]
    real_b: np.ndarray
    pool_draws: dict[str, np.ndarray]  # by domain: float32 [batch, 2] in [0, 1)
    mixes: dict[str, np.ndarray]  # by domain: float32 [batch, 1, 1, 1] in [0, 1), for wgangp


def tiny_config(**values) -> CycleGANConfig:
    """The config of a tiny CycleGAN in float32, but for some values."""
    return CycleGANConfig.parse(values, weak=TINY)


def trajectory_config(name: str) -> CycleGANConfig:
    """The config of one of TRAJECTORIES."""
    return tiny_config(pool_size=5, max_steps=STEPS, beta2=BETA2, **TRAJECTORIES[name])


def smooth_images(batch: int, height: int, width: int, channels: int = 3, seed: int = 0) -> np.ndarray:
    """Blocks of 8 x 8 pixels under some noise: float32 [batch, height, width, channels] in [-1, 1]."""
    random = np.random.RandomState(seed)
    coarse = random.uniform(-1, 1, [batch, -(-height // 8), -(-width // 8), channels])
    blocks = np.kron(coarse, np.ones([1, 8, 8, 1]))[:, :height, :width]
    return np.float32(0.7 * blocks + 0.3 * random.uniform(-1, 1, blocks.shape))


def draw_batch(config: CycleGANConfig, seed: int) -> Batch:
    """Draws a batch for a config."""
    random, size, batch = np.random.RandomState(seed), config.image_size, config.batch_size
    real_a, real_b = (smooth_images(batch, size, size, seed=2 * seed + domain) for domain in (0, 1))
    pool_draws, mixes = (
        {domain: random.uniform(size=shape).astype(np.float32) for domain in "ab"}
        for shape in ([batch, 2], [batch, 1, 1, 1])
    )
    return Batch(real_a, real_b, pool_draws, mixes)


def draw_batches(config: CycleGANConfig, seed: int) -> list[Batch]:
    """Draws STEPS batches; other seeds give others."""
    return [draw_batch(config, 1000 * seed + step) for step in range(STEPS)]


def draw_weights(shapes: dict[str, list[int]], seed: int, bias_stddev: float = 0.0, norm: str = "instance") -> dict:
    """Draws the weights of a network.

    Kernels are N(0, 0.02), scales of norms N(1, 0.02), biases and offsets N(0, bias_stddev). Kernels of that size would
    make every output of a network without norms 0, so there their variance is 1 / fan in.

    Args:
      shapes: by PyTorch's names.
      seed: another one gives other weights.
      bias_stddev: 0 as at the start of training; for tests of networks something else.
      norm: of the network.
    """
    random = np.random.RandomState(seed)

    def draw(name, shape):
        if name.endswith(".bias"):
            return random.normal(0.0, bias_stddev, shape)
        if len(shape) < 4:
            return random.normal(1.0, 0.02, shape)
        return random.normal(0.0, np.prod(shape[1:]) ** -0.5 if norm == "none" else 0.02, shape)

    return {name: draw(name, shape).astype(np.float32) for name, shape in shapes.items()}


def draw_all_weights(shapes: dict[str, dict], seed: int, **options) -> dict[str, dict]:
    """Draws the weights of the four networks, by role; the options are those of `draw_weights`."""
    return {role: draw_weights(shapes[role], 10 * seed + number, **options) for number, role in enumerate(ROLES)}


def in_our_names(arrays: dict[str, np.ndarray], role: str, scope: str) -> dict[str, np.ndarray]:
    """Gives a network's arrays (weights or their gradients) the names and layout of our variables in a scope."""
    shapes = {variable.op.name: variable.shape.as_list() for variable in tf.trainable_variables(scope + "/")}
    return convert(recognize("the reference", arrays, role), shapes)


def load_weights(session: tf.Session, weights: dict[str, np.ndarray], role: str, scope: str) -> None:
    """Initialises our network in a scope with weights."""
    values = in_our_names(weights, role, scope)
    initializers = [variable.initializer for variable in tf.trainable_variables(scope + "/")]
    session.run(initializers, {op.inputs[1]: values[op.inputs[0].op.name] for op in initializers})


def our_output(
    session: tf.Session, kind: str, options: dict, norm: str, weights: dict, images: np.ndarray
) -> np.ndarray:
    """Builds one of NETWORKS and runs it on images, with weights."""
    x = tf.placeholder(tf.float32, [len(images), None, None, images.shape[-1]])
    result = NETWORKS[kind](x, norm=find_norm(norm), name="network", **options)
    load_weights(session, weights, ROLE_OF[kind], "network")
    return session.run(result, {x: images})


def build_model(config: CycleGANConfig) -> CycleGAN:
    """Builds the model with its train ops in the default graph."""
    model = CycleGAN(config)
    model.build_training()
    return model


def our_gradients(session: tf.Session, model: CycleGAN, weights: dict[str, dict], batches: list[Batch]) -> list[dict]:
    """The gradients of both losses at the given weights, for each of some batches, by our names of the variables."""
    for role in ROLES:
        load_weights(session, weights[role], role, role)
    updates = [op for op in session.graph.get_operations() if op.type == "ResourceApplyAdam"]
    gradients = {update.inputs[0].op.name: update.inputs[9] for update in updates}  # var, m, v, ..., grad
    tensors = _tensors_of(model)
    return [session.run(gradients, _feed(tensors, batch)) for batch in batches]


def our_losses(session: tf.Session, model: CycleGAN, weights: dict[str, dict], batches: list[Batch]) -> np.ndarray:
    """Trains from the given weights, a step for each batch; gives the losses, [steps, losses], sorted by name."""
    session.run(tf.global_variables_initializer())
    for role in ROLES:
        load_weights(session, weights[role], role, role)
    train_op = model.train_ops["train"]
    losses = [train_op.scalars[name] for name in sorted(train_op.scalars) if name.startswith(LOSSES)]
    tensors = _tensors_of(model)
    return np.array([session.run([losses, train_op.op], _feed(tensors, batch))[0] for batch in batches], np.float64)


def gradient_errors(got: list[dict], exact: list[dict]) -> dict[str, float]:
    """The error of each weight's gradient as a share of its largest element: the median over several batches.

    Rounding can carry one activation across the kink of a ReLU, or one pixel across that of an L1 loss, and such a step
    in a gradient is far more than 1e-3 (PyTorch's own float32 has it too). It meets one batch now and then, a wrong
    formula meets all.

    Args:
      got, exact: gradients by our names, for each batch.
    """
    return {
        name: float(np.median([np.abs(g[name] - e[name]).max() / gradient_scale(name, e) for g, e in zip(got, exact)]))
        for name in exact[0]
    }


def gradient_scale(name: str, gradients: dict[str, np.ndarray]) -> float:
    """What the error of one weight's gradient is a share of: its largest element.

    The true gradient of some biases is 0: the norm behind them subtracts them again, or real and fake images pull
    equally. In float32 rounding is left of it; that is compared with the gradient of the kernel beside it.
    """
    scale = np.abs(gradients[name]).max()
    beside = np.abs(gradients.get(name.removesuffix("bias") + "kernel", 0.0)).max()
    return beside if scale < 1e-7 * beside else scale


def distances(losses: np.ndarray, exact: np.ndarray) -> np.ndarray:
    """How far some losses are from the exact ones at each step: the largest relative difference; [steps]."""
    return (np.abs(losses - exact) / np.abs(exact)).max(axis=-1)


def steps_too_far(losses: np.ndarray, float32_runs: np.ndarray, exact: np.ndarray) -> dict[int, float]:
    """The steps at which our losses are farther from the exact ones than rounding explains, and how many times.

    Training is chaotic: Adam's first steps are as large for a tiny gradient as for a large one, so that rounding, once
    it has carried an activation across the kink of a ReLU, decides where some weights go; from 1e-7 the distance jumps
    to 1e-3 within a few steps, and when is a matter of luck. So how far the reference's float32 is from its float64 is
    told by several runs of it that differ in the last bit of the weights they start from: it is the largest distance
    that any of them has come to by that step. Ours may be twice that. One training in fifty or so would be still
    farther by luck alone, while a wrong formula is in all: what counts is the median over several trainings.

    Before the first such event all distances are rounding errors between 1e-7 and 1e-6, which differ by more than a
    factor of two from step to step; that is why below NEAR nothing is too far. For the same reason beta2 must be a
    number that float32 has: TensorFlow's kernel takes 1 - beta2 from the float32 value, the bias correction from the
    float64 one, so that with 0.999 each step is 6e-6 of its length too long, ten times the rounding of all else.

    Args:
      losses: ours, [trainings, steps, losses].
      float32_runs: the reference's, [trainings, runs, steps, losses].
      exact: the reference's in float64, [trainings, steps, losses].

    Returns:
      dict from step to our distance as a multiple of what is allowed.
    """
    reference = np.maximum.accumulate(distances(float32_runs, exact[:, None]).max(axis=1), axis=-1)
    excess = np.median(distances(losses, exact) / np.maximum(FARTHER * reference, NEAR), axis=0)
    return {int(step): float(excess[step]) for step in np.flatnonzero(~(excess <= 1))}


def _tensors_of(model: CycleGAN) -> Batch:
    """The tensors that take a batch: the inputs, and where our graph would draw numbers of its own."""
    operations = {op.name: op.outputs[0] for op in tf.get_default_graph().get_operations() if op.outputs}

    def drawn(beginning):
        ends = {domain: f"{beginning}{domain}/StatelessRandomUniformV2" for domain in "ab"}
        return {domain: x for domain, end in ends.items() for name, x in operations.items() if name.endswith(end)}

    return Batch(model.inputs["real_a"], model.inputs["real_b"], drawn("image_pool/"), drawn("penalty_"))


def _feed(tensors: Batch, batch: Batch) -> dict[tf.Tensor, np.ndarray]:
    feed = {tensors.real_a: batch.real_a, tensors.real_b: batch.real_b}
    for places, values in ((tensors.pool_draws, batch.pool_draws), (tensors.mixes, batch.mixes)):
        feed |= {x: values[domain] for domain, x in places.items()}
    return feed
