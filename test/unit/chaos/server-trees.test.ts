import { describe, expect, it } from 'vitest';
import { differences } from '../../../chaos/server-trees.ts';

const tree = (nodes: Record<string, number>) => new Map(Object.entries(nodes));

describe('the trees of servers', () => {
  it('do not differ when each path has the same version everywhere', () => {
    expect(differences([tree({ '/a': 1, '/b': 2 }), tree({ '/b': 2, '/a': 1 })])).toEqual([]);
  });

  it('differ by what is missing, what is more, and what was written more often', () => {
    const [found] = differences([tree({ '/a': 1, '/b': 2 }), tree({ '/b': 3, '/c': 1 })]);
    expect(found).toBe(
      'servers 1 and 2 differ in 3 nodes: /a (version 1, absent), /b (version 2, version 3), /c (absent, version 1)',
    );
  });

  it('are each compared with the first', () => {
    const found = differences([tree({ '/a': 1 }), tree({ '/a': 1 }), tree({})]);
    expect(found).toEqual(['servers 1 and 3 differ in 1 nodes: /a (version 1, absent)']);
  });
});
