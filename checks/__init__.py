"""What is wrong with a data set: images are described once, and findings are drawn from the descriptions."""
