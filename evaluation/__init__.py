"""What a run is judged by: measures of images and predictions, and the evaluators that take them of a model."""
