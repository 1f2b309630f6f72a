"""The faults of a soak of jobs, each a context manager: it begins, holds for a while, and ends. Main thread."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from WardenServer.soak.jobs import around
from WardenServer.soak.jobs.scene import Fault, Scene
from WardenServer.soak.jobs.stage import CHECK_IN, Actor, Stage
from WardenServer.soak.shared import kill, stopped


@contextmanager
def _killed(scene: Scene, choose: Callable[[Scene], list[Actor]]) -> Iterator[None]:
    """Killed, away for a while, and started again."""
    actors = choose(scene)
    for actor in actors:
        scene.stage.harm(actor)
        if actor.child.alive:
            kill(actor.child)
    yield
    for actor in actors:
        actor.start()


@contextmanager
def _stopped(scene: Scene, choose: Callable[[Scene], list[Actor]]) -> Iterator[None]:
    """It stands still, perhaps past the limit, and goes on as if nothing were."""
    [actor] = choose(scene)
    scene.stage.harm(actor)
    with stopped(actor.child):
        yield


@contextmanager
def _ended(scene: Scene, choose: Callable[[Scene], list[Actor]]) -> Iterator[None]:
    """Told to end, in order, and started again."""
    [actor] = choose(scene)
    scene.stage.end(actor, scene.random.choice([signal.SIGTERM, signal.SIGHUP]))
    yield
    actor.start()


def _a_monitor(scene: Scene) -> list[Actor]:
    return [scene.random.choice(scene.stage.monitors)]


def _monitors(scene: Scene) -> list[Actor]:
    return scene.stage.monitors


def _a_worker(scene: Scene) -> list[Actor]:
    return [scene.random.choice(scene.stage.workers)]


def _workers(scene: Scene) -> list[Actor]:
    return scene.stage.workers


def faults(stage: Stage) -> list[Fault]:
    """All kinds."""
    limit = 2 * CHECK_IN
    found = [
        Fault("a monitor killed", partial(_killed, choose=_a_monitor), times=2),
        Fault("all monitors killed", partial(_killed, choose=_monitors)),
        Fault("a worker killed", partial(_killed, choose=_a_worker), (0.0, limit), times=3),
        Fault("all workers killed", partial(_killed, choose=_workers)),
        Fault("a worker stopped past the limit (SIGSTOP)", partial(_stopped, choose=_a_worker), (limit, limit + 5)),
        Fault("a monitor stopped (SIGSTOP)", partial(_stopped, choose=_a_monitor), (0.5, 7.0)),
        Fault("a worker told to end", partial(_ended, choose=_a_worker)),
        Fault("a monitor told to end", partial(_ended, choose=_a_monitor)),
        Fault("the database locked", around.locked, (0.5, 7.0)),
        Fault("a target folder away", partial(around.target_gone, success=True), (0.5, 3.0)),
        Fault("the other target folder away", partial(around.target_gone, success=False), (0.5, 3.0)),
        Fault("many requests", around.asked, (0.0, 0.0), times=3),
    ]
    if os.geteuid() != 0:
        found.append(Fault("target folders read-only", around.read_only, (0.5, 3.0)))
    if stage.database.path is None:
        found.append(Fault("connections cut", around.cut, (0.0, 0.0), times=2))
    return found
