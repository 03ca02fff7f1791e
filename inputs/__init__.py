"""TFRecord schemas, image files, tf.data pipelines and the built-in scenes."""
