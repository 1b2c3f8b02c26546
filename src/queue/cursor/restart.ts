/**
 * Starting a subscription anew from another place: a purge starts it at the end of the log. One commit writes the new
 * start and the next generation, whose pages live in a cursor of their own; every receipt of an older generation is
 * lost with it, and every commit under way that was made for the old one fails.
 */
import type { LogPosition } from '../model/position.ts';
import { encodeRecord, type SubscriptionRecord } from '../model/records.ts';
import type { Runtime } from '../runtime.ts';
import { settledCommit } from '../settled-commit.ts';
import { cursorPath, subscriptionPath } from '../zookeeper/paths.ts';
import type { Write } from '../zookeeper/store.ts';
import type { Inspection } from './inspection.ts';

/** Where the logs end now: everything stored before lies before it. */
export function endsOf(inspection: Inspection): LogPosition[] {
  const starts: LogPosition[] = [];
  for (const { level } of inspection.levels) {
    const open = inspection.cursor.topic.log(level).openSegment();
    if (open !== undefined) starts[level] = { segment: open.number, offset: open.end };
  }
  return Array.from(starts, (start) => start ?? { segment: 0, offset: 0 });
}

/** @returns whether it was done; else the subscription has changed since it was inspected. Throws BrokerError. */
export async function restart(
  runtime: Runtime,
  { cursor }: Inspection,
  start: readonly LogPosition[],
  signal: AbortSignal,
): Promise<boolean> {
  const { topic, name, record } = cursor;
  const generation = record.generation + 1;
  const next: SubscriptionRecord = { ...record, generation, start };
  const data = encodeRecord(next);
  const writes: Write[] = [
    topic.guard(),
    {
      kind: 'set',
      path: subscriptionPath(topic.id, name),
      data,
      version: cursor.version,
    },
    { kind: 'create', path: cursorPath(topic.id, name, generation), data: Buffer.alloc(0) },
  ];
  // Somebody else's restart makes the same generation, perhaps from a place before what this one was to leave out.
  const didApply = async () => {
    const node = await runtime.store.read(subscriptionPath(topic.id, name));
    return node !== undefined && node.stat.version === cursor.version + 1 && node.data.equals(data);
  };
  return (await settledCommit(runtime, writes, didApply, signal)).outcome === 'applied';
}
