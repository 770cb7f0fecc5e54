"""Commands: absl flags in, configuration out; the only place that reads FLAGS."""

from xtremedistil_tf.environment import listen_while_importing

listen_while_importing()
