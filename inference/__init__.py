"""A trained model at work: a Session over images, folders of images translated, and the pages that show them."""
