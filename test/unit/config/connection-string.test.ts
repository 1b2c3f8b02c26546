import { describe, expect, test } from 'vitest';
import { parseConnectionString } from '../../../src/config/connection-string.ts';

describe('a connection string', () => {
  test.each([
    ['zk:2181', [{ host: 'zk', port: 2181 }], ''],
    ['zk', [{ host: 'zk', port: 2181 }], ''],
    ['127.0.0.1:1/', [{ host: '127.0.0.1', port: 1 }], ''],
    [
      '[::1]:2182,[fe80::1%eth0]',
      [
        { host: '::1', port: 2182 },
        { host: 'fe80::1%eth0', port: 2181 },
      ],
      '',
    ],
    [
      'zk-1.example:2181, zk-2.example:65535/a/b.c',
      [
        { host: 'zk-1.example', port: 2181 },
        { host: 'zk-2.example', port: 65535 },
      ],
      '/a/b.c',
    ],
  ])('%s is read', (text, servers, chroot) => {
    expect(parseConnectionString(text)).toEqual({ servers, chroot });
  });

  test.each([
    ['', 'a server address is empty'],
    ['zk:2181,', 'a server address is empty'],
    ['/zoogate', 'a server address is empty'],
    ['zk:0', '"0" is not a port'],
    ['zk:65536', '"65536" is not a port'],
    ['zk:', '"" is not a port'],
    ['::1', 'more than one colon'],
    ['a:1:2', 'more than one colon'],
    ['z k:2181', '"z k" is not a host name'],
    ['http://zk:2181', '"" is not a port'],
    ['zk/a//b', 'has an empty part'],
    ['zk/a/', 'ends with a slash'],
    ['zk/a/../b', 'the part ".." of the chroot'],
    ['zk/a b', 'the part "a b" of the chroot'],
    ['zk/zookeeper/x', 'reserved'],
  ])('"%s" is refused with the reason', (text, reason) => {
    const parsed = parseConnectionString(text);
    expect('problems' in parsed ? parsed.problems.join('; ') : parsed).toContain(reason);
  });
});
