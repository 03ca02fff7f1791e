"""Makes tests/data/measures.json, what others' libraries measure: `python -m tests.evaluation.make_reference`.

It needs `pip install scikit-image scikit-learn torch-fidelity prdc`; the tests, which compare our measures with it,
need none of them.
"""

import importlib.metadata
import json

import numpy as np
import torch
from prdc import compute_prdc
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from sklearn.metrics import balanced_accuracy_score, confusion_matrix, jaccard_score
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_kid import kid_features_to_metric

from tests.helpers.judged import FEATURE_CASES, FILE, features, picture_pair, predictions

LIBRARIES = ("scikit-image", "scikit-learn", "torch-fidelity", "prdc")


def make_reference() -> dict:
    """Computes everything."""
    return {
        "versions": {name: importlib.metadata.version(name) for name in LIBRARIES},
        "features": {case: measures_of_features(case) for case in FEATURE_CASES},
        "images": {str(channels): measures_of_images(channels) for channels in (1, 3)},
        "predictions": measures_of_predictions(),
    }


def measures_of_features(case: str) -> dict[str, float]:
    """FID, KID with subsets of 30, and precision, recall, density and coverage."""
    reals, fakes = (torch.from_numpy(x.astype(np.float64)) for x in features(case))
    statistics = (fid_features_to_statistics(x) for x in (reals, fakes))
    fid = fid_statistics_to_metric(*statistics, verbose=False)["frechet_inception_distance"]
    kid = kid_features_to_metric(reals, fakes, kid_subsets=100, kid_subset_size=30, verbose=False)
    sharp = compute_prdc(reals.numpy(), fakes.numpy(), nearest_k=3)
    dense = compute_prdc(reals.numpy(), fakes.numpy(), nearest_k=5)
    return {
        "fid": float(fid),
        "kid": float(kid["kernel_inception_distance_mean"]),
        "kid_std": float(kid["kernel_inception_distance_std"]),
        **{name: float(sharp[name]) for name in ("precision", "recall")},
        **{name: float(dense[name]) for name in ("density", "coverage")},
    }


def measures_of_images(channels: int) -> dict[str, float]:
    """SSIM with the paper's window, and PSNR."""
    image, truth = (x.astype(np.float64) for x in picture_pair(channels))
    window = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    return {
        "ssim": float(structural_similarity(image, truth, data_range=2.0, channel_axis=2, **window)),
        "psnr": float(peak_signal_noise_ratio(truth, image, data_range=2.0)),
    }


def measures_of_predictions() -> dict:
    """Confusion matrix, mean accuracy of classes and mean IoU of the likeliest classes."""
    shares, labels = predictions()
    predicted = shares.argmax(axis=1)
    return {
        "confusion_matrix": confusion_matrix(labels, predicted).tolist(),
        "class_accuracy": float(balanced_accuracy_score(labels, predicted)),
        "mean_iou": float(jaccard_score(labels, predicted, average="macro")),
    }


if __name__ == "__main__":
    FILE.write_text(json.dumps(make_reference(), indent=2) + "\n")
