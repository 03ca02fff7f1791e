"""Data: what folders and records mean, images and their order, preprocessing, tf.data, the built-in scenes."""
