"""Work in several threads: in order, lazily, and an error comes where it belongs."""

import threading

import pytest

from xtremedistil_tf.inference.streaming import in_threads, shares_cores


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
