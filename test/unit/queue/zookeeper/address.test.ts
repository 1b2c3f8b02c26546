import { describe, expect, it } from 'vitest';
import { chrootNodes, fullPath, parseEnsembleAddress } from '../../../../src/queue/zookeeper/address.ts';

describe('a connection string', () => {
  it.each([
    ['localhost:2181', [{ host: 'localhost', port: 2181 }], ''],
    ['zk', [{ host: 'zk', port: 2181 }], ''],
    ['zk/', [{ host: 'zk', port: 2181 }], ''],
    ['a:1, b:2 ,c', [1, 2, 2181].map((port, index) => ({ host: 'abc'.charAt(index), port })), ''],
    ['[::1]:2182', [{ host: '::1', port: 2182 }], ''],
    ['[fe80::1%eth0],[2001:db8::7]:9', [host('fe80::1%eth0', 2181), host('2001:db8::7', 9)], ''],
    ['zk:1/apps/zoogate', [{ host: 'zk', port: 1 }], '/apps/zoogate'],
    ['zk:1/apps/', [{ host: 'zk', port: 1 }], '/apps'],
  ])('%s is understood', (text, servers, chroot) => {
    expect(parseEnsembleAddress(text)).toEqual({ servers, chroot });
  });

  it.each([
    '',
    ',',
    'a,',
    '/chroot',
    '::1',
    '::1:2181',
    'a:0',
    'a:65536',
    'a:b',
    'a b',
    '[zz]:1',
    'a:1//b',
    'a/../b',
  ])('"%s" is refused', (text) => {
    expect(() => parseEnsembleAddress(text)).toThrow(/not a (server address|chroot)/);
  });
});

describe('a chroot', () => {
  it('stands before every path', () => {
    expect(fullPath('', '/')).toBe('/');
    expect(fullPath('', '/a')).toBe('/a');
    expect(fullPath('/c', '/')).toBe('/c');
    expect(fullPath('/c', '/a/b')).toBe('/c/a/b');
  });

  it('has nodes that are created from the outside in', () => {
    expect(chrootNodes('')).toEqual([]);
    expect(chrootNodes('/a/b/c')).toEqual(['/a', '/a/b', '/a/b/c']);
  });
});

function host(name: string, port: number) {
  return { host: name, port };
}
