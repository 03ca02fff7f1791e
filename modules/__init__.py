"""Networks built of ops: generators, discriminators, classifiers."""
