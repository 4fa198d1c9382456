"""Who does the work: this process, processes of this machine, or a Dask cluster. All run the same function."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future
from multiprocessing import get_context
from typing import Any, Protocol

from nbformat import NotebookNode

from autograder.grading.assignment import Assignment
from autograder.grading.engine import Engine
from autograder.grading.process import InfrastructureError
from autograder.grading.work import Done, Grader, Work, do

#: Beyond the time of a submission itself, what a worker may take before it is thought to hang.
_SLACK_SECONDS = 120.0


class WorkerLostError(Exception):
    """A worker ended, or hung, in the middle of its work."""


class Workers(Protocol):
    """Where work is handed in."""

    @property
    def most(self) -> int:
        """How much work may usefully be under way at a time."""
        ...

    def submit(self, work: Work) -> Future[Done]:
        """Hand in one submission. The future raises `WorkerLostError` if its worker was lost."""
        ...

    def close(self) -> None:
        """Stop, and leave no process behind."""
        ...


class Here:
    """Does the work at once, in this process."""

    most = 1

    def __init__(self, grader: Grader, released: NotebookNode) -> None:
        self._grader, self._released = grader, released

    def submit(self, work: Work) -> Future[Done]:
        """Do it; see `Workers`."""
        future: Future[Done] = Future()
        future.set_result(do(work, self._grader, self._released))
        return future

    def close(self) -> None:
        """Nothing was started."""


class Pool:
    """Processes of this machine. One that is lost is replaced, and costs the work that it had.

    Parameters
    ----------
    assignment
        What they grade.
    count
        How many of them.
    """

    def __init__(self, assignment: Assignment, count: int) -> None:
        from pebble import ProcessPool

        self.most = 2 * count  # one at work, one on its way
        self._seconds = assignment.limits.submission_seconds * 2 + assignment.limits.start_seconds + _SLACK_SECONDS
        self._pool = ProcessPool(
            max_workers=count, context=get_context("spawn"), initializer=_become_worker, initargs=(assignment,)
        )

    def submit(self, work: Work) -> Future[Done]:
        """Hand it to a free process; see `Workers`."""
        from pebble import ProcessExpired

        return _translated(
            self._pool.schedule(_work_for_pool, args=[work], timeout=self._seconds), (ProcessExpired, TimeoutError)
        )

    def close(self) -> None:
        """End all processes, also in the middle of their work."""
        self._pool.stop()
        self._pool.join()


class Cluster:
    """The workers of a Dask cluster that is running already.

    Parameters
    ----------
    assignment
        What they grade.
    address
        Of its scheduler, ``tls://host:port``. Certificates, and how long to try, are named in Dask's own settings.

    Raises
    ------
    InfrastructureError
        If it cannot be reached, has no workers, or would be reached without TLS.
    """

    def __init__(self, assignment: Assignment, address: str) -> None:
        if not address.startswith("tls://"):
            raise InfrastructureError(
                f"the scheduler's address {address} does not begin with tls://; on an open port anyone could give the "
                "workers code to run. deploy/cluster.md shows how to make certificates"
            )
        try:
            import dask
            from dask.utils import parse_timedelta
            from distributed import Client
        except ImportError:
            raise InfrastructureError("--scheduler needs Dask: python -m pip install distributed") from None
        seconds = parse_timedelta(dask.config.get("distributed.comm.timeouts.connect"))
        try:
            self._client = Client(address, timeout=seconds, set_as_default=False)
        except Exception as error:  # a wrong name, a closed port, a certificate: Dask raises its own kinds of each
            raise InfrastructureError(f"the scheduler {address} cannot be reached: {error}") from error
        try:
            self._client.wait_for_workers(1, timeout=seconds)
        except TimeoutError:
            self._client.close()
            raise InfrastructureError(f"the scheduler {address} has no workers; start some with dask worker") from None
        # A task, since the scheduler makes the answer of a task again when it is lost; data that was scattered is gone.
        self._assignment = self._client.submit(_same, assignment, pure=False)

    @property
    def most(self) -> int:
        """Two for each thread of the workers that are there now: one at work, one on its way."""
        return max(2, 2 * sum(map(int, self._client.nthreads().values())))

    def submit(self, work: Work) -> Future[Done]:
        """Hand it to the scheduler; see `Workers`."""
        from distributed import KilledWorker

        future: Future[Done] = Future()
        task = self._client.submit(work_for, self._assignment, work, pure=False)

        def finish(task: Any) -> None:
            try:
                future.set_result(task.result())
            except (KilledWorker, CancelledError) as error:
                future.set_exception(WorkerLostError(str(error)))
            except Exception as error:
                future.set_exception(error)

        task.add_done_callback(finish)
        return future

    def close(self) -> None:
        """Leave the cluster as it was; work that is under way there is given up."""
        self._client.close()


def _translated(future: Future[Done], lost: tuple[type[BaseException], ...]) -> Future[Done]:
    """Return a future that raises `WorkerLostError` where `future` raises one of the `lost`."""
    result: Future[Done] = Future()

    def finish(done: Future[Done]) -> None:
        error = CancelledError() if done.cancelled() else done.exception()
        if error is None:
            result.set_result(done.result())
        else:
            result.set_exception(WorkerLostError(str(error)) if isinstance(error, lost) else error)

    future.add_done_callback(finish)
    return result


_mine: Assignment | None = None


def _become_worker(assignment: Assignment) -> None:
    """Prepare a process of the pool: it goes when the grader goes, and leaves Ctrl-C to it."""
    global _mine  # noqa: PLW0603 - one assignment for the life of the process
    _mine = assignment
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["OMP_NUM_THREADS"] = "1"
    if sys.platform == "linux":
        from autograder.enclosure import die_with_parent

        die_with_parent()


def _work_for_pool(work: Work) -> Done:
    if _mine is None:
        raise InfrastructureError("a worker was started without an assignment")
    return work_for(_mine, work)


def _same(assignment: Assignment) -> Assignment:
    return assignment


_lock = threading.Lock()
_open: dict[str, tuple[Engine, NotebookNode]] = {}


def work_for(assignment: Assignment, work: Work) -> Done:
    """Do one piece of work, with an engine that this process keeps for the next one.

    Raises
    ------
    InfrastructureError
        If no engine can be had here: a fault of this machine, not of the submission.
    """
    with _lock:  # one at a time, however many threads a worker was given
        if assignment.fingerprint not in _open:
            _close_engines()
            _open[assignment.fingerprint] = (Engine.open(assignment), assignment.release)
            gc.collect()
            gc.freeze()  # what every submission needs stays; looking through it each time took a sixth of the work
        done = do(work, *_open[assignment.fingerprint])
        if done.retry and done.result.status != "graded":
            _close_engines()  # what failed once is made anew
        return done


def _close_engines() -> None:
    while _open:
        _open.popitem()[1][0].close()


@contextlib.contextmanager
def opened_workers(assignment: Assignment, count: int, scheduler: str | None) -> Iterator[Workers]:
    """Yield workers, and stop them at the end: a cluster's if an address is given, else a pool's."""
    workers: Workers = Pool(assignment, count) if scheduler is None else Cluster(assignment, scheduler)
    try:
        yield workers
    finally:
        workers.close()
