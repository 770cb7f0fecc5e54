"""How data is spread over replicas."""

from xtremedistil_tf.distribution import spread
from xtremedistil_tf.keras2 import tf


def test_data_is_read_without_the_tuning_thread():
    made = []

    def make(share):
        made.append(tf.data.Dataset.range(3).map(lambda at: at + 1, tf.data.AUTOTUNE))
        return made[-1]

    dataset = spread(make)
    assert dataset.options().autotune.enabled is False
    assert made[0].options().autotune.enabled is None
    assert [int(at) for at in dataset] == [1, 2, 3]
