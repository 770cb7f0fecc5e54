"""Training on several devices and machines: TensorFlow's strategies, agreement of workers."""

import json
import os
from typing import Any, Callable

from xtremedistil_tf.errors import UserError
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.shares import Share


def _parse_tf_config() -> dict:
    try:
        return json.loads(os.environ.get("TF_CONFIG") or "{}")
    except ValueError as error:
        raise UserError(f"the variable TF_CONFIG is not JSON: {error}") from None


# The strategy of this process. A process can join a cluster only once.
_chosen: Any = None


def use_strategy(strategy: Any) -> None:
    """Sets the strategy of this process."""
    global _chosen
    _chosen = strategy


def current_strategy() -> Any:
    """The strategy of this process; by default TensorFlow's for one device."""
    return _chosen or tf.distribute.get_strategy()


def best_strategy() -> Any:
    """Returns the best strategy for this machine; call it before any other TensorFlow operation.

    Returns:
      MultiWorkerMirroredStrategy if TF_CONFIG names several workers, MirroredStrategy for several
      GPUs, else TensorFlow's default for one device.

    Raises:
      UserError: if TF_CONFIG is invalid.
    """
    cluster = _parse_tf_config()
    workers = cluster.get("cluster", {}).get("worker", [])
    if len(workers) > 1:
        kind = cluster.get("task", {}).get("type")
        if kind != "worker" or set(cluster["cluster"]) != {"worker"}:
            raise UserError(
                f"TF_CONFIG has jobs {', '.join(sorted(cluster['cluster']))} and a task of type "
                f"{kind!r}; allowed: workers only"
            )
        return tf.distribute.MultiWorkerMirroredStrategy()
    if len(tf.config.list_physical_devices("GPU")) > 1:
        return tf.distribute.MirroredStrategy()
    return tf.distribute.get_strategy()


def replicas() -> int:
    """Number of devices that train together."""
    return current_strategy().num_replicas_in_sync


def is_chief() -> bool:
    """True if this process writes the run folder, as in a run of one process."""
    resolver = current_strategy().cluster_resolver
    return resolver is None or not resolver.task_type or resolver.task_id == 0


def agree(value: float) -> float:
    """The mean of a number over all workers, for equal decisions; waits for all of them."""
    strategy = current_strategy()
    if strategy.num_replicas_in_sync == 1:
        return value

    def mean(local: Any) -> Any:
        context = tf.distribute.get_replica_context()
        # The copy is on the replica's own device, as the reduction requires.
        return context.all_reduce(tf.distribute.ReduceOp.MEAN, tf.identity(local))

    shared = tf.function(lambda local: strategy.run(mean, (local,)))(tf.constant(value, tf.float64))
    return float(strategy.experimental_local_results(shared)[0])


def by_chief(write: Callable[[], None]) -> None:
    """Lets the chief write into the shared run folder; the other processes wait for it."""
    if is_chief():
        write()
    agree(0.0)


def _without_tuning(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """Turns off the thread that tunes a dataset while it is read.

    It sleeps for up to a minute between its looks, and can sleep through the call that ends it: the
    iterator's destructor then waits for it, with an idle machine, after each epoch.
    """
    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.with_options(options)


def spread(make: Callable[[Share], Any]) -> Any:
    """Gives every replica its part of each batch.

    Args:
      make: returns the dataset of a share; see `shares.Share`.
    """
    strategy = current_strategy()
    if strategy.num_replicas_in_sync == 1:
        return _without_tuning(make(Share()))

    def of_pipeline(context: Any) -> Any:
        total = context.num_replicas_in_sync
        count = total // context.num_input_pipelines
        return _without_tuning(make(Share(total, context.input_pipeline_id * count, count)))

    return strategy.distribute_datasets_from_function(of_pipeline)
