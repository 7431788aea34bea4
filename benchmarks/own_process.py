"""Measurements in processes of their own, so that each has its own peak of memory."""

import resource
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

GIGABYTE = 1e9


def in_own_process(
    function: Callable[Arguments, Result], *arguments: Arguments.args, **named: Arguments.kwargs
) -> Result:
    """What a function of a module returns, or raises, in a new process.

    This begins with the peak of the process that starts it: libraries that take memory are to be
    imported within the function and not by its module.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        return executor.submit(function, *arguments, **named).result()


def peak_bytes() -> int:
    """The largest resident memory of this process so far, as Linux tells it."""
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
