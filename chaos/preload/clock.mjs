/**
 * Loaded before a gateway: its wall clock is off by CHAOS_CLOCK_OFFSET_MS, and each SIGWINCH makes it jump by ten
 * minutes, forth and back in turn. Monotonic clocks and timers are as they were.
 */
const jumpMs = 600_000;
const RealDate = Date;
let offsetMs = Number(process.env.CHAOS_CLOCK_OFFSET_MS ?? 0);
let nextJumpMs = jumpMs;

const shiftedNow = () => RealDate.now() + offsetMs;

globalThis.Date = new Proxy(RealDate, {
  construct: (target, given, newTarget) =>
    Reflect.construct(target, given.length === 0 ? [shiftedNow()] : given, newTarget),
  apply: () => new RealDate(shiftedNow()).toString(),
  get: (target, name, receiver) => (name === 'now' ? shiftedNow : Reflect.get(target, name, receiver)),
});

process.on('SIGWINCH', () => {
  offsetMs += nextJumpMs;
  nextJumpMs = -nextJumpMs;
});
