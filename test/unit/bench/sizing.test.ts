import { describe, expect, it } from 'vitest';
import { zxidOf } from '../../../bench/sizing/disk-use.ts';
import { parseCount } from '../../../bench/sizing/measured-server.ts';
import { parseSizingOptions } from '../../../bench/sizing/options.ts';
import { mannersOf } from '../../../bench/sizing/queueing.ts';
import { histogramTotal } from '../../../bench/sizing/server-heap.ts';
import { gatewayTable, sizesTable } from '../../../bench/sizing/sizing-table.ts';

describe('the options of the sizing', () => {
  it('have a default each', () => {
    expect(parseSizingOptions([])).toEqual({
      bodyBytes: [100, 256, 1024, 16_384],
      messagesMax: 30_000,
      totalBytesMax: 32 * 1024 * 1024,
      waiting: 4_000,
    });
  });

  it('name sizes in a list', () => {
    expect(parseSizingOptions(['--bodies', '1,262144', '--messages=5']).bodyBytes).toEqual([1, 262_144]);
  });

  it.each(['--bodies=0', '--bodies=262145', '--bodies=', '--messages=1.5', '--waiting=12001'])(
    'refuse %s',
    (option) => expect(() => parseSizingOptions([option])).toThrow('takes whole numbers up to'),
  );
});

describe('what is read from ZooKeeper and Java', () => {
  it('is the last line of a histogram', () => {
    const lines = [' num     #instances         #bytes  class name (module)', '   1:   10   999  [B'];
    expect(histogramTotal([...lines, 'Total         81234        7654321', ''].join('\n'))).toBe(7_654_321);
    expect(() => histogramTotal(lines.join('\n'))).toThrow('no class histogram');
  });

  it('is the count of nodes and their data', () => {
    expect(parseCount('count=12,bytes=3456')).toEqual({ nodes: 12, dataBytes: 3_456 });
    expect(() => parseCount('')).toThrow('no count');
  });

  it('is the age of a file by the transaction in its name', () => {
    expect(zxidOf('/there/version-2/snapshot.1f')).toBe(31);
    expect(zxidOf('snapshot.1f')).toBeGreaterThan(zxidOf('snapshot.9'));
  });
});

it.each([
  [100, 100],
  [16_384, 48],
  [262_144, 3],
])('a batch of bodies of %d bytes is what a request may have', (bodyBytes, batch) => {
  expect(mannersOf(bodyBytes).map((manner) => manner.batch)).toEqual([1, 1, batch]);
  expect(batch * bodyBytes).toBeLessThan(900 * 1024);
});

describe('the tables', () => {
  it('have a row for each manner, with what a server has room for', () => {
    const sizing = {
      bodyBytes: 256,
      manner: 'singly',
      messages: 100,
      heapBytes: 292.2,
      nodes: 0.0324,
      dataBytes: 277,
      snapshotBytes: 282.4,
      publishLogBytes: 287.5,
      wholeLogBytes: 403.6,
      leftHeapBytes: 2,
    };
    expect(sizesTable([sizing]).split('\n').at(-1)).toBe(
      '| 256 | singly | 292 | 298 | 0.032 | 282 | 288 | 404 | 1,800,000 |',
    );
  });

  it('tell the memory of a gateway', () => {
    const mebibyte = 1024 * 1024;
    const table = gatewayTable({
      idleBytes: 100 * mebibyte,
      bytesPerWaitingReceive: 20 * 1024,
      bytesPerPublishUnderWay: 35 * 1024,
      publishBytes: 16_384,
      loadedBytes: 340 * mebibyte,
    });
    expect(table).toContain('| idle | 100 MiB |');
    expect(table).toContain('| each publish of 16 KiB under way | 35.0 KiB |');
  });
});
