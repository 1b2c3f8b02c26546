/** Nodes whose versions mark what they hold. */
import { ANY_VERSION, type Write } from '../zookeeper/store.ts';

/** The writes that make a node and leave it at version 1: a comparison with 0 would hold for one that was made anew. */
export function createVersioned(path: string, data: Buffer = Buffer.alloc(0)): Write[] {
  return [
    { kind: 'create', path, data: Buffer.alloc(0) },
    { kind: 'set', path, data, version: ANY_VERSION },
  ];
}
