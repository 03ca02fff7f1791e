"""Networks built of ops: generators and discriminators."""
