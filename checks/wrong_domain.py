"""Images that may lie in the wrong domain: they look like those of the other one."""

from __future__ import annotations

import numpy as np

from checks.finding import Finding, finding_of
from checks.survey import ImageAt, Survey
from inputs.layouts import DOMAINS, PLACE_SPLITS

NEIGHBOURS = 15  # that vote on the domain of an image
AGAINST = 14  # of them that must be of the other domain
SEPARABLE = 0.95  # share of the images that their neighbours must be right about before any is doubted
REFERENCES = 2000  # training images of each domain, at most, that may vote
BLOCK = 1024  # images that are voted on at a time


def wrong_domain(survey: Survey) -> list[Finding]:
    """Finds images whose nearest ones in colours and edges, 14 of 15, are of the other domain.

    Nothing is said unless the nearest are right about 95 % of all images: of domains that so plain a look cannot tell
    apart, such as cats and dogs, it knows nothing.

    Source: the edited nearest neighbour rule (Wilson 1972, doi 10.1109/TSMC.1972.4309137).
    """
    if not all(split in survey.sets for split in PLACE_SPLITS):
        return []
    images = [
        ImageAt(name, int(index))
        for name, each in survey.sets.items()
        for index in np.flatnonzero(each.traits["intact"])
    ]
    looks = np.concatenate([each.traits["look"][each.traits["intact"]] for each in survey.sets.values()])
    domains = np.array([DOMAINS.index(image.set[-1]) for image in images])
    voters = [np.array([row for row, image in enumerate(images) if image.set == split]) for split in PLACE_SPLITS]
    count = min(REFERENCES, *map(len, voters))
    if count <= NEIGHBOURS:
        return []
    rng = np.random.RandomState(0)
    against = _votes_against(looks, domains, np.concatenate([rng.choice(each, count, False) for each in voters]))
    if np.mean(2 * against < NEIGHBOURS) < SEPARABLE:
        return []
    listed = [
        (images[row], f"looks like images of the other domain: {against[row]} of {NEIGHBOURS} nearest are of it")
        for row in np.flatnonzero(against >= AGAINST)
    ]
    advice = "look at them: colours and edges, by which they were chosen, are no proof"
    figures = [([image], survey.name(image)) for image, _ in listed]
    return finding_of("images that may lie in the wrong domain", advice, listed, figures=figures, certain=False)


def _votes_against(looks: np.ndarray, domains: np.ndarray, voters: np.ndarray) -> np.ndarray:
    """How many of the voters nearest to each image are of another domain.

    Args:
      looks: float16 [images, dimensions].
      domains: int [images].
      voters: rows of those that may vote; no image has a vote on itself.

    Returns:
      int array [images].
    """
    voting = looks[voters].astype(np.float32)
    against = []
    for start in range(0, len(looks), BLOCK):
        rows = np.arange(start, min(start + BLOCK, len(looks)))
        near = looks[rows].astype(np.float32) @ voting.T
        near[rows[:, None] == voters] = -np.inf
        nearest = np.argpartition(-near, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
        against.append((domains[voters[nearest]] != domains[rows][:, None]).sum(1))
    return np.concatenate(against)
