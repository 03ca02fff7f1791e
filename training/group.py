"""The workers that train together: where they are, what they agree on, and who is missing.

Beside TensorFlow's own connections each worker keeps one to the first, the chief, over which lines of JSON go: a sign
of life every few seconds, and what is said once a step or less. Who is lost is so known within seconds, and by name,
while a collective op would wait for it for ever.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import queue
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from base.errors import UsageError, UserError
from base.graph_mode import has_gpu_driver, session_config, tf
from base.terminal import printable

PATIENCE = 40.0  # seconds that the workers wait for each other to come
ALIVE_EVERY = 2.0  # seconds between signs of life
SILENCE = 20.0  # seconds without one after which a worker is lost
JOB = "worker"  # its name in the cluster
INDEX_BYTES = 4  # that a worker says first, for its number


class WorkerError(UserError):
    """A worker that is missing, or ended for a reason of its own."""

    exit_code = 1


def cluster_of(environment: Mapping[str, str]) -> tuple[list[str], int]:
    """Reads where the workers are, and which this process is, of TF_CONFIG as Kubeflow and others set it.

    Returns:
      (addresses, worker): "host:port" of each worker, the chief first; and the index of this one. Without TF_CONFIG, or
      with one worker, no addresses and 0.

    Raises:
      UsageError: it is there, but says no such thing.
    """
    text = environment.get("TF_CONFIG", "")
    if not text:
        return [], 0
    try:
        content = json.loads(text)
        cluster, task = content["cluster"], content["task"]
        chiefs = [*cluster.get("chief", []), *cluster.get("master", [])]
        addresses = [*chiefs, *cluster.get("worker", [])]
        index = int(task["index"]) + (len(chiefs) if task["type"] == "worker" else 0)
        if task["type"] not in ("chief", "master", "worker") or not 0 <= index < len(addresses):
            raise ValueError(f"the task {task['type']} {task['index']} is none of its {len(addresses)} workers")
        for address in addresses:
            host, _, port = address.rpartition(":")
            if not host or not 0 < int(port) < 2**16 - 1:
                raise ValueError(f"{address} is no host:port")
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise UsageError(
            f"TF_CONFIG cannot be read ({error}); it must be as in docs/distributed.md, or not be set"
        ) from None
    return (addresses, index) if len(addresses) > 1 else ([], 0)


class AfterStep(NamedTuple):
    """What the workers tell each other after every step.

    Attributes:
      asked_to_stop: whether a signal asked any of them to stop.
      damage: lines of all of them about damaged images.
    """

    asked_to_stop: bool
    damage: list[str]

    @classmethod
    def of_all(cls, group: Group, asked_to_stop: bool, damage: list[str]) -> AfterStep:
        """Takes what one worker has to tell, and gives what all have: the lines in the workers' order."""
        stops, lines = zip(*group.gather([asked_to_stop, damage]), strict=True)
        return cls(any(stops), [line for each in lines for line in each])


class Group:
    """The workers of a run, as one of them sees them; a run without others is a group of one.

    Attributes:
      size: int, how many they are.
      worker: int, which of them this process is; 0 is the chief, who alone has the run folder.
    """

    def __init__(self, addresses: list[str], worker: int):
        """Takes what `cluster_of` gives."""
        self._addresses, self.worker = addresses, worker
        self.size = max(len(addresses), 1)
        self._links: dict[int, _Link] = {}  # by worker: the chief's to all others, or another's to the chief
        self._over = False
        self._lock = threading.Lock()

    def name(self, worker: int) -> str:
        """Names a worker, for messages."""
        return f"{'the chief, ' if worker == 0 else ''}worker {worker} ({self._addresses[worker]})"

    def meet(self) -> None:
        """Connects the workers. WorkerError: one has not come within some time, naming it."""
        if self.size == 1:
            return
        host = self._addresses[0].rpartition(":")[0]
        ports = [int(port) for other, _, port in (a.rpartition(":") for a in self._addresses) if other == host]
        place = (host, max(ports) + 1)
        sockets = self._accept(place) if self.worker == 0 else self._connect(place)
        self._links = {worker: _Link(connection) for worker, connection in sockets.items()}
        for worker, link in self._links.items():
            threading.Thread(target=self._listen, args=(worker, link), daemon=True).start()
        threading.Thread(target=self._watch, daemon=True).start()

    def tell(self, value: Any = None) -> Any:
        """Gives all workers what the chief has to tell, as JSON has it."""
        if self.worker:
            return self._links[0].take()
        for link in self._links.values():
            link.send("say", value)
        return value

    def compare(self, what: str, own: Mapping[str, str]) -> None:
        """Compares texts by name with those of the other workers.

        Args:
          what: they are about, in words before the name.
          own: this worker's.

        Raises:
          WorkerError: on the chief, naming the worker that differs, and in what.
        """
        if self.worker:
            self._links[0].send("say", dict(own))
            self.tell()
            return
        for worker, link in self._links.items():
            theirs = link.take()
            different = [name for name in {**own, **theirs} if theirs.get(name) != own.get(name)]
            if different:
                raise WorkerError(f"{self.name(worker)} differs from the chief in {what} {different[0]}")
        self.tell()

    def gather(self, value: Any) -> list[Any]:
        """What each worker has to tell, as JSON has it, in their order; all come here before one goes on."""
        if self.worker:
            self._links[0].send("say", value)
            return self.tell()
        return self.tell([value, *[self._links[worker].take() for worker in range(1, self.size)]])

    def session(self) -> tf.Session:
        """Opens a Session on the default graph, which reaches the graphs of the others."""
        config = session_config()
        # On CPUs the graph optimiser takes two seconds of the start of a CycleGAN, and its steps become neither faster
        # nor smaller (64 and 256 px, two cores of an AMD EPYC, Zen 3). For GPUs it chooses the layout of convolutions.
        config.graph_options.rewrite_options.disable_meta_optimizer = not has_gpu_driver()
        if self.size == 1:
            return tf.Session(config=config)
        tasks = [f"/job:{JOB}/task:{task}" for task in sorted({0, self.worker})]
        config.experimental.collective_group_leader = f"/job:{JOB}/replica:0/task:0"
        config.device_filters.extend(tasks)
        cluster = tf.train.ClusterSpec({JOB: self._addresses})
        self._server = tf.train.Server(cluster, JOB, self.worker, config=config)
        return tf.Session(self._server.target, config=config)

    def callable(self, session: tf.Session, fetches: Any, key: int) -> Callable[[], Any]:
        """A function that runs what all workers run.

        Args:
          session: from `session`.
          fetches: what it runs and gives.
          key: number > 0 of the kind of run, the same for all workers. TensorFlow counts the runs of each kind, and by
            the count finds what belongs together; without it, one that the chief makes alone would count, too.
        """
        if self.size == 1:
            return session.make_callable(fetches)
        return functools.partial(session.make_callable(fetches, accept_options=True), options=self.run_options(key))

    def run_options(self, key: int) -> tf.RunOptions:
        """What `Session.run` needs for what all workers run; the key is that of `callable`."""
        options = tf.RunOptions()
        if self.size > 1:
            options.experimental.collective_graph_key = key
        return options

    def device(self) -> contextlib.AbstractContextManager:
        """A context whose ops are this worker's."""
        return contextlib.nullcontext() if self.size == 1 else tf.device(f"/job:{JOB}/task:{self.worker}")

    def wait_for_reason(self) -> None:
        """Waits after an op failed: where the reason is that a worker is lost, the process ends here, saying so."""
        if self.size > 1:
            time.sleep(SILENCE + 2 * ALIVE_EVERY)

    def leave(self, reason: str = "") -> None:
        """Tells the others that this worker ends, and why where that is too early."""
        self._over = True
        for link in self._links.values():
            link.send("failed" if reason else "done", reason)
            link.end()

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.leave("" if error is None else str(error).split("\n")[0] or kind.__name__)

    def _accept(self, place: tuple[str, int]) -> dict[int, socket.socket]:
        """Waits for all workers to connect to the chief; gives the connections by worker."""
        missing = set(range(1, self.size))
        found: dict[int, socket.socket] = {}
        end = time.monotonic() + PATIENCE
        try:
            with socket.create_server(("", place[1]), backlog=self.size) as server:
                while missing:
                    server.settimeout(max(end - time.monotonic(), 0.01))
                    connection, _ = server.accept()
                    connection.settimeout(ALIVE_EVERY)
                    with contextlib.suppress(OSError):  # of a stranger
                        worker = int.from_bytes(connection.recv(INDEX_BYTES), "big")
                        if worker in missing:
                            missing.remove(worker)
                            found[worker] = connection
        except TimeoutError:
            names = ", ".join(self.name(worker) for worker in sorted(missing))
            raise WorkerError(
                f"not there after {PATIENCE:.0f} s: {names}; start the same command on every worker"
            ) from None
        except OSError as error:
            raise WorkerError(f"port {place[1]} of the chief cannot be used: {error.strerror}") from None
        return found

    def _connect(self, place: tuple[str, int]) -> dict[int, socket.socket]:
        """Connects to the chief, once it is there."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                connection = socket.create_connection(place, timeout=ALIVE_EVERY)
                connection.sendall(self.worker.to_bytes(INDEX_BYTES, "big"))
                return {0: connection}
            except OSError as error:
                if time.monotonic() > end:
                    raise WorkerError(
                        f"{self.name(0)} is not there after {PATIENCE:.0f} s ({error.strerror or error} at port "
                        f"{place[1]}); start the same command on every worker"
                    ) from None
                time.sleep(0.2)

    def _listen(self, worker: int, link: _Link) -> None:
        """Takes what comes from another worker, until there is no more."""
        for kind, value in link.messages():
            if kind == "failed":
                self._end(value if value.startswith("lost: ") else f"{self.name(worker)} ended: {value}")
            if kind == "done":
                link.done = True
            if kind == "say":
                link.said.put(value)
        if not link.done:
            self._end(f"lost: {self.name(worker)} has gone")

    def _watch(self) -> None:
        """Gives signs of life, and misses those of others."""
        while not self._over:
            for worker, link in self._links.items():
                link.send("alive", None)
                if time.monotonic() - link.heard > SILENCE and not link.done:
                    self._end(f"lost: nothing was heard of {self.name(worker)} for {SILENCE:.0f} s")
            time.sleep(ALIVE_EVERY)

    def _end(self, reason: str) -> None:
        """Ends this process, whatever it waits for, and tells the others why."""
        with self._lock:
            if self._over:
                return
            self.leave(reason)
            program = os.path.basename(sys.argv[0])
            advice = "the same commands go on from the last checkpoint"
            print(
                printable(f"{program}: error: {reason.removeprefix('lost: ')}; {advice}"), file=sys.stderr, flush=True
            )
            os._exit(WorkerError.exit_code)


class _Link:
    """A connection to another worker."""

    def __init__(self, connection: socket.socket):
        connection.settimeout(None)
        self._connection = connection
        self._lock = threading.Lock()
        self.said: queue.SimpleQueue = queue.SimpleQueue()
        self.heard = time.monotonic()
        self.done = False

    def send(self, kind: str, value: Any) -> None:
        with self._lock, contextlib.suppress(OSError):  # which the listener finds out, too
            self._connection.sendall(json.dumps([kind, value]).encode() + b"\n")

    def end(self) -> None:
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_WR)  # the other's last words may be on their way

    def take(self) -> Any:
        return self.said.get()

    def messages(self):
        with contextlib.suppress(OSError, ValueError), self._connection, self._connection.makefile() as lines:
            for line in lines:
                self.heard = time.monotonic()
                yield json.loads(line)
