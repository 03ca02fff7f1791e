"""The group of workers: where they are, what they agree on, and who is missing."""

import json

import pytest

from base.errors import UsageError
from tests.helpers.workers import in_threads, wait_until
from training import group
from training.group import AfterStep, Group, WorkerError, cluster_of
from training.local_workers import free_addresses


def config_of(cluster, kind="worker", index=0):
    return {"TF_CONFIG": json.dumps({"cluster": cluster, "task": {"type": kind, "index": index}})}


@pytest.fixture
def ended(monkeypatch):
    """Why each worker would have ended its process, by worker."""
    reasons = {}

    def end(own, reason):
        if not own._over:
            reasons[own.worker] = reason
            own.leave(reason)

    monkeypatch.setattr(Group, "_end", end)
    return reasons


def test_workers_are_those_of_tf_config_and_the_chief_is_the_first():
    hosts = {"worker": ["a:1", "b:2"]}
    assert cluster_of(config_of(hosts, index=1)) == (["a:1", "b:2"], 1)
    assert cluster_of(config_of({"chief": ["c:3"], **hosts}, "chief")) == (["c:3", "a:1", "b:2"], 0)
    assert cluster_of(config_of({"master": ["c:3"], **hosts}, index=1)) == (["c:3", "a:1", "b:2"], 2)


@pytest.mark.parametrize("environment", [{}, {"TF_CONFIG": ""}, config_of({"worker": ["a:1"]})])
def test_process_without_others_is_alone(environment):
    assert cluster_of(environment) == ([], 0)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "{}",
        '{"cluster": {"worker": ["a:1", "b:2"]}}',
        '{"cluster": {"worker": ["a:1", "b:2"]}, "task": {"type": "worker", "index": 2}}',
        '{"cluster": {"worker": ["a:1", "b:2"]}, "task": {"type": "ps", "index": 0}}',
        '{"cluster": {"worker": ["a:1", "b"]}, "task": {"type": "worker", "index": 0}}',
        '{"cluster": {"worker": ["a:1", 2]}, "task": {"type": "worker", "index": 0}}',
    ],
)
def test_text_that_says_no_such_thing_is_refused(text):
    with pytest.raises(UsageError, match="TF_CONFIG cannot be read .*docs/distributed.md"):
        cluster_of({"TF_CONFIG": text})


def test_group_of_one_agrees_with_itself():
    with Group([], 0) as alone:
        alone.meet()
        alone.compare("the option", {"seed": "1"})
        assert alone.tell({"a": 1}) == {"a": 1} and alone.gather("b") == ["b"]


def test_all_hear_the_chief_and_each_other():
    def work(own):
        own.meet()
        return own.tell("word" if own.worker == 0 else None), own.gather(own.worker)

    assert in_threads(3, work) == [("word", [0, 1, 2])] * 3


def test_all_know_after_a_step_that_one_is_to_stop_and_what_each_found_damaged():
    def work(own):
        own.meet()
        return AfterStep.of_all(own, own.worker == 2, [f"{own.worker}.png"] * own.worker)

    assert in_threads(3, work) == [(True, ["1.png", "2.png", "2.png"])] * 3


def test_worker_that_differs_is_named_with_what_it_differs_in():
    def work(own):
        own.meet()
        if own.worker == 0:
            with pytest.raises(WorkerError, match="worker 1 .* differs from the chief in the option batch_size"):
                own.compare("the option", {"seed": "1", "batch_size": "2"})
            return "refused"
        own._links[0].send("say", {"seed": "1", "batch_size": "4"})
        return "told"

    assert in_threads(2, work) == ["refused", "told"]


def test_workers_that_do_not_come_are_named(monkeypatch):
    monkeypatch.setattr(group, "PATIENCE", 0.3)
    addresses = free_addresses(3)
    with pytest.raises(WorkerError, match=f"not there after 0 s: worker 1 .{addresses[1]}., worker 2 .{addresses[2]}."):
        Group(addresses, 0).meet()
    with pytest.raises(WorkerError, match=f"the chief, worker 0 .{addresses[0]}. is not there after 0 s .*port"):
        Group(addresses, 1).meet()


def test_others_are_told_why_a_worker_ended(ended):
    def work(own):
        own.meet()
        if own.worker == 2:
            own.leave("the image cat.png cannot be read")
        wait_until(lambda: len(ended) == 2)

    in_threads(3, work)
    assert all("worker 2 (127.0.0.1:" in reason and "cat.png" in reason for reason in ended.values())


def test_worker_that_is_gone_ends_the_others_by_name(ended):
    def work(own):
        own.meet()
        if own.worker == 1:
            own._links[0].end()  # as the end of its process does
        wait_until(lambda: {0, 2} <= ended.keys())

    in_threads(3, work)
    assert all("worker 1 (127.0.0.1:" in ended[worker] for worker in (0, 2))


def test_worker_that_is_silent_ends_the_others_by_name(ended, monkeypatch):
    monkeypatch.setattr(group, "ALIVE_EVERY", 0.05)
    monkeypatch.setattr(group, "SILENCE", 0.5)

    def work(own):
        if own.worker == 1:
            own._watch = lambda: None
        own.meet()
        wait_until(lambda: 0 in ended)

    in_threads(2, work)
    assert "nothing was heard of worker 1 (127.0.0.1:" in ended[0]
