"""A trained network over HTTP: a page, routes for images, the REST protocol of TensorFlow Serving, and a server."""
