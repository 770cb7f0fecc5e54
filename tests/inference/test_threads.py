"""Work in several threads and processes: in order, lazily, and an error comes where it belongs."""

import os
import signal
import threading

import pytest

from xtremedistil_tf.errors import UserError
from xtremedistil_tf.inference.streaming import in_processes, in_threads, shares_cores


def test_results_stay_in_order_and_items_are_read_as_they_are_needed():
    read, inside = [], threading.Event()

    def items():
        for number in range(50):
            read.append(number)
            yield number

    def work(number):
        if number == 1:
            inside.set()
        else:
            assert inside.wait(30)  # The second item is worked on beside the first.
        return number, shares_cores()

    results = in_threads(work, items(), threads=2)
    assert next(results) == (0, True) and len(read) <= 4
    assert list(results) == [(number, True) for number in range(1, 50)]


@pytest.mark.parametrize("count, threads", [(0, 2), (1, 2), (3, 1)])
def test_little_work_stays_in_the_calling_thread(count, threads):
    here = threading.get_ident()
    found = list(in_threads(lambda _: (threading.get_ident(), shares_cores()), range(count),
                            threads=threads))
    assert found == [(here, False)] * count


def test_an_error_comes_behind_the_results_before_it():
    def work(number):
        return 6 // (3 - number)

    results = in_threads(work, range(9), threads=3)
    assert [next(results) for _ in range(3)] == [2, 3, 6]
    with pytest.raises(ZeroDivisionError):
        next(results)


def made():
    begun = os.getpid()

    def work(number):
        if number == 7:
            os.kill(os.getpid(), signal.SIGKILL)
        return 6 // (3 - number), begun == os.getpid() != os.getppid(), shares_cores()

    return work


def test_processes_keep_the_order_and_tell_errors_where_they_belong():
    results = in_processes(made, range(7), processes=2)
    assert [next(results) for _ in range(3)] == [(2, True, True), (3, True, True), (6, True, True)]
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_a_killed_process_is_told_in_a_line():
    with pytest.raises(UserError, match="one of 2 processes was killed, perhaps for want of mem"):
        list(in_processes(made, [4, 5, 7, 8], processes=2))
