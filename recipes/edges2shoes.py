"""pix2pix on the public data set edges2shoes: edges to shoes, 49,825 pairs, 256 px.

Source: Isola et al. 2016, arXiv 1611.07004, appendix 6.2: 15 epochs at batch 4; the other values are the defaults.
Command: python train.py --preset=edges2shoes --data_dir=DIR
Machine, time, result: not measured here.
"""

VALUES = {
    "model": "pix2pix",
    "batch_size": 4,
    "epochs": 15,
}
