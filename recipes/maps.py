"""pix2pix on the public data set maps: aerial photographs to maps and back, 1,096 pairs, 256 px.

Source: Isola et al. 2016, arXiv 1611.07004, appendix 6.2: 200 epochs at batch 1; the other values are the defaults.
Command: python train.py --preset=maps --data_dir=DIR
Machine, time, result: not measured here.
"""

VALUES = {
    "model": "pix2pix",
    "direction": "BtoA",
    "epochs": 200,
}
