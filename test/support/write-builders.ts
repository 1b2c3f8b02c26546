/** Short ways to say what a commit should do, for tests that contain many. */

import { ANY_VERSION, type Write } from '../../src/queue/zookeeper/store.ts';

const text = (value: string) => Buffer.from(value);
export const create = (path: string, data = ''): Write => ({ kind: 'create', path, data: text(data) });
export const append = (path: string): Write => ({ kind: 'create', path, data: text(''), sequential: true });
export const set = (path: string, data: string, version: number): Write => {
  return { kind: 'set', path, data: text(data), version };
};
export const check = (path: string, version: number): Write => ({ kind: 'check', path, version });
export const remove = (path: string, version = ANY_VERSION): Write => ({ kind: 'delete', path, version });
export const fresh = (path: string, data = ''): Write[] => [create(path), set(path, data, ANY_VERSION)];
