/**
 * Preloaded into a gateway: when it gets SIGWINCH it tells its parent the longest that a turn of the event loop has taken
 * since the last time, in milliseconds of the processor. Unlike time by the clock this does not grow when other programs
 * keep the machine busy; but the threads that collect garbage count as well.
 */
import process from 'node:process';

const TICK_MS = 5;

let heldMs = 0;
let last = process.cpuUsage();

function look() {
  const { user, system } = process.cpuUsage(last);
  last = process.cpuUsage();
  heldMs = Math.max(heldMs, (user + system) / 1000);
}

setInterval(look, TICK_MS).unref();
process.on('SIGWINCH', () => {
  look();
  process.send?.({ heldMs });
  heldMs = 0;
});
