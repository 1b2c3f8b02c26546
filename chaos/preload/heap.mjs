/**
 * Loaded before a gateway that was started with --expose-gc: tells its parent every five seconds how much of its heap
 * is alive, garbage not included.
 */
const intervalMs = 5_000;

setInterval(() => {
  globalThis.gc?.();
  process.send?.({ heapBytes: process.memoryUsage().heapUsed });
}, intervalMs).unref();
