"""Several devices and machines: TensorFlow's own strategies, and what its workers agree on."""

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


# The one strategy of this process: a cluster can be joined once only.
_chosen: Any = None


def use_strategy(strategy: Any) -> None:
    """Makes this the process' strategy."""
    global _chosen
    _chosen = strategy


def current_strategy() -> Any:
    """The process' strategy; TensorFlow's default, for one device, if none was chosen."""
    return _chosen or tf.distribute.get_strategy()


def best_strategy() -> Any:
    """The strategy for this machine; call it before any other TensorFlow operation.

    Returns:
      MultiWorkerMirroredStrategy where TF_CONFIG names more than one worker, MirroredStrategy where
      there is more than one GPU, else TensorFlow's default for one device.

    Raises:
      UserError: if TF_CONFIG cannot be used.
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
    """Devices that train together."""
    return current_strategy().num_replicas_in_sync


def is_chief() -> bool:
    """Whether this process writes the run folder; true in a run of one process."""
    resolver = current_strategy().cluster_resolver
    return resolver is None or not resolver.task_type or resolver.task_id == 0


def agree(value: float) -> float:
    """The mean of a number over all workers, which decide by it; waits for all of them."""
    strategy = current_strategy()
    if strategy.num_replicas_in_sync == 1:
        return value

    def mean(local: Any) -> Any:
        context = tf.distribute.get_replica_context()
        # The copy lies on the replica's own device, where the reduction looks for it.
        return context.all_reduce(tf.distribute.ReduceOp.MEAN, tf.identity(local))

    shared = tf.function(lambda local: strategy.run(mean, (local,)))(tf.constant(value, tf.float64))
    return float(strategy.experimental_local_results(shared)[0])


def by_chief(write: Callable[[], None]) -> None:
    """Lets one process write into the shared run folder; the others wait until it has."""
    if is_chief():
        write()
    agree(0.0)


def spread(make: Callable[[Share], Any]) -> Any:
    """Feeds every replica its part of each batch.

    Args:
      make: gives the dataset of a share; see `shares.Share`.
    """
    strategy = current_strategy()
    if strategy.num_replicas_in_sync == 1:
        return make(Share())

    def of_pipeline(context: Any) -> Any:
        total = context.num_replicas_in_sync
        count = total // context.num_input_pipelines
        return make(Share(total, context.input_pipeline_id * count, count))

    return strategy.distribute_datasets_from_function(of_pipeline)
