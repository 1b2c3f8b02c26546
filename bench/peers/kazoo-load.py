"""
Puts the load on a queue of kazoo (LockingQueue): a thread and a connection for each producer and each consumer.

Speaks with its parent in lines of JSON, as bench/load/main.ts does in messages: the job comes in as the only
argument; phases and the result go to the output.
"""

import json
import sys
import threading
import time

from kazoo.client import KazooClient

FILLING = b"zoogate " * 30


def say(message):
    print(json.dumps(message), flush=True)


class Meter:
    def __init__(self):
        self.lock = threading.Lock()
        self.running = False
        self.outstanding = 0
        self.counts = {"published": 0, "received": 0, "acked": 0}
        self.latencies = {"publish": [], "receive": [], "ack": []}

    def took(self, kind, count, since):
        now = time.monotonic()
        with self.lock:
            if kind == "publish":
                self.outstanding += 1
            elif kind == "ack":
                self.outstanding -= 1
            if self.running:
                self.counts[count] += 1
                self.latencies[kind].append((now - since) * 1000)


def summary(values):
    values = sorted(values)
    at = lambda share: values[max(0, min(len(values) - 1, int(share * len(values) + 0.999999) - 1))]
    return {"count": len(values), "p50Ms": at(0.5), "p99Ms": at(0.99)}


def main():
    job = json.loads(sys.argv[1])
    workload = job["workload"]
    address = job["endpoint"]["addresses"][0]
    path = "/" + job["prefix"]
    meter = Meter()
    stopping = threading.Event()
    limit = workload["producers"] * 4

    def client():
        zookeeper = KazooClient(hosts=address, timeout=30)
        zookeeper.start()
        return zookeeper

    def produce():
        zookeeper = client()
        queue = zookeeper.LockingQueue(path)
        while not stopping.is_set():
            if meter.outstanding >= limit:
                time.sleep(0.001)
                continue
            since = time.monotonic()
            body = (b"%016d" % int(since * 1000)) + FILLING
            queue.put(body)
            meter.took("publish", "published", since)
        zookeeper.stop()

    def consume():
        zookeeper = client()
        queue = zookeeper.LockingQueue(path)
        while not stopping.is_set():
            since = time.monotonic()
            body = queue.get(timeout=1)
            if body is None:
                continue
            assert len(body) == 256
            meter.took("receive", "received", since)
            since = time.monotonic()
            queue.consume()
            meter.took("ack", "acked", since)
        zookeeper.stop()

    creator = client()
    creator.ensure_path(path)
    threads = [threading.Thread(target=produce, daemon=True) for _ in range(workload["producers"])]
    threads += [threading.Thread(target=consume, daemon=True) for _ in range(workload["consumers"])]
    for thread in threads:
        thread.start()
    time.sleep(job["warmUpMs"] / 1000)
    say({"phase": "begin"})
    cpu, start = time.process_time(), time.monotonic()
    meter.running = True
    time.sleep(job["measuredMs"] / 1000)
    meter.running = False
    seconds, cpu = time.monotonic() - start, time.process_time() - cpu
    say({"phase": "end"})
    stopping.set()
    for thread in threads:
        thread.join(10)
    creator.delete(path, recursive=True)
    creator.stop()
    result = dict(
        meter.counts,
        seconds=seconds,
        cpuSeconds=cpu,
        receivedAt=[meter.counts["received"]],
        latencies={kind: summary(all) for kind, all in meter.latencies.items() if all},
    )
    say({"result": result})


main()
