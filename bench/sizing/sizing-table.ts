/** What was measured, as tables in Markdown. Pure. */
import { NODE_BYTES } from '../../src/queue/limits/store-full.ts';
import { markdownTable, numberText } from '../page/table.ts';
import type { GatewayMemory } from './gateway-memory.ts';
import type { Sizing } from './sizing-run.ts';

const gibibyte = 1024 ** 3;
const mebibyte = 1024 ** 2;
const kibibyte = 1024;

/** The limit that leaves a server half of its heap for everything else. */
const limitPart = 1 / 2;

export function sizesTable(sizings: readonly Sizing[]): string {
  return markdownTable(
    [
      'body, bytes',
      'published',
      'heap',
      'as `ZOOGATE_MAX_DATA_BYTES` counts it',
      'nodes',
      'snapshot',
      'log, publish',
      'log, publish to ack',
      'messages for each GiB of `-Xmx`',
    ],
    sizings.map((sizing) => [
      numberText(sizing.bodyBytes),
      sizing.manner,
      numberText(sizing.heapBytes),
      numberText(countedBytes(sizing)),
      numberText(sizing.nodes),
      numberText(sizing.snapshotBytes),
      numberText(sizing.publishLogBytes),
      numberText(sizing.wholeLogBytes),
      numberText(roughly((gibibyte * limitPart) / countedBytes(sizing))),
    ]),
  );
}

function countedBytes({ dataBytes, nodes }: Sizing): number {
  return dataBytes + nodes * NODE_BYTES;
}

/** With two digits that mean something. */
function roughly(value: number): number {
  return Number(value.toPrecision(2));
}

export function gatewayTable(memory: GatewayMemory): string {
  const { idleBytes, bytesPerWaitingReceive, bytesPerPublishUnderWay, publishBytes, loadedBytes } = memory;
  return markdownTable(
    ['a gateway', 'memory'],
    [
      ['idle', `${numberText(idleBytes / mebibyte)} MiB`],
      ['each receive that waits', `${numberText(bytesPerWaitingReceive / kibibyte)} KiB`],
      [
        `each publish of ${publishBytes / kibibyte} KiB under way`,
        `${numberText(bytesPerPublishUnderWay / kibibyte)} KiB`,
      ],
      ['after a load of 64 clients, and of batches', `${numberText(loadedBytes / mebibyte)} MiB`],
    ],
  );
}
