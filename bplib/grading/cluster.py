"""The same chunks on other computers, through Dask distributed.

Only the trusted side talks to the scheduler: what travels is text that a student wrote, the seed,
and marks.  A chunk is marked from nothing but itself, so one that is lost is simply done again.
"""

import functools
import hashlib
import itertools
import socket
from contextlib import suppress

from bplib.grading import GradingError, Stopped, batch
from bplib.grading.sandbox import TRUSTED

TRIES = 3  # for a chunk whose worker dies


def results(address, key, seed, found, summary, jobs, timeout):
    """The Result of every student, as batch.results gives it, from the workers at an address.

    address : tcp://scheduler:8786
    GradingError where there are no workers, or one that is not like this computer; Stopped when
    a chunk is lost again and again.
    """
    try:
        from distributed import Client, KilledWorker, as_completed
    except ImportError:
        raise GradingError(
            "Dask distributed is not installed here: pip install 'bplib[cluster]'."
        ) from None
    try:
        client = Client(address, timeout=10, set_as_default=False)
    except (OSError, ValueError) as error:
        raise GradingError(f"There is no Dask scheduler at {address}: {error}") from None
    with client:
        workers = len(client.scheduler_info(n_workers=-1)["workers"])
        if not workers:
            raise GradingError(f"The scheduler at {address} has no workers.")
        size = max(1, min(batch.CHUNK, -(-len(found) // (2 * workers))))
        chunks = batch.chunks(key, found, summary.alone, size)
        rest = (key.lesson, seed, _fingerprint(key), jobs, timeout, summary.tier)
        waiting, futures = {}, as_completed(loop=client.loop)

        def send():
            for without, picked in itertools.islice(chunks, 1):
                texts = {student: answers for student, (_, answers) in picked.items()}
                future = client.submit(work, texts, *rest, pure=False, retries=TRIES)
                waiting[future] = without, picked
                futures.add(future)

        for _ in range(2 * workers):
            send()
        try:
            for future in futures:
                without, picked = waiting.pop(future)
                marked = future.result()
                send()
                yield from without
                for student, marks in marked:
                    yield picked[student][0]._replace(marks=marks)
        except KilledWorker:
            raise Stopped(
                f"Stopped: a chunk was lost {TRIES} times with its worker; what is marked is kept, "
                "and --resume goes on."
            ) from None
        finally:
            with suppress(Exception):  # the scheduler may be gone
                client.cancel(list(waiting))


def work(submissions, lesson, seed, fingerprint, jobs, timeout, tier):
    """On a worker: one chunk, canaries and all.   ->  [(student, [Mark])]"""
    key = batch._key(lesson, seed)
    if _fingerprint(key) != fingerprint:
        raise GradingError(f"The course on {socket.gethostname()} is another version than here.")
    own = _tier(tier == TRUSTED)
    if own != tier:
        raise GradingError(
            f"On {socket.gethostname()} the sandbox is “{own}”, here it is “{tier}”."
        )
    return list(batch.mark(key, submissions, jobs, timeout, tier))


@functools.cache
def _tier(trust):
    """Attacking the sandboxes takes seconds: once for each worker."""
    return batch.tier_of(trust, alone=False)


def _fingerprint(key):
    """Of all that must be printed for the secret inputs."""
    return hashlib.sha256("".join(key.expected.values()).encode()).hexdigest()
