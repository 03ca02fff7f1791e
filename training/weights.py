"""The variables of a Session as hashes, by which those of two workers are compared."""

from __future__ import annotations

import hashlib

from base.graph_mode import tf


def hash_variables(session: tf.Session) -> dict[str, str]:
    """SHA-256 of the value of every global variable, by its name."""
    variables = tf.global_variables()
    return {
        v.op.name: hashlib.sha256(value.tobytes()).hexdigest() for v, value in zip(variables, session.run(variables))
    }
