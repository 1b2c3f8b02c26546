/** Where a processor profile of Node.js says that the time goes. Pure. */

export interface Profile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

export interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly children?: readonly number[];
}

/** Shares of the time in which the program was busy, the largest first. */
export interface ProfileShares {
  readonly busySeconds: number;
  /** By package, or source file of ours. */
  readonly byModule: readonly Share[];
  readonly byFunction: readonly Share[];
  /** Each with all that it called. */
  readonly withCallees: readonly Share[];
}

export type Share = readonly [name: string, share: number];

export function profileShares({ nodes, samples, timeDeltas }: Profile): ProfileShares {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const modules = new Map<string, number>();
  const functions = new Map<string, number>();
  const all = new Map<string, number>();
  let busy = 0;
  samples.forEach((id, index) => {
    const node = byId.get(id);
    const time = timeDeltas[index] ?? 0;
    if (node === undefined || node.callFrame.functionName === '(idle)') return;
    busy += time;
    add(modules, moduleOf(node), time);
    add(functions, functionOf(node), time);
    for (const name of trail(node, byId, parents)) add(all, name, time);
  });
  const shares = (times: ReadonlyMap<string, number>): Share[] =>
    [...times].map(([name, time]): Share => [name, time / busy]).sort(([, a], [, b]) => b - a);
  const [byModule, byFunction, withCallees] = [shares(modules), shares(functions), shares(all)];
  return { busySeconds: busy / 1e6, byModule, byFunction, withCallees };
}

/** The functions on the stack, each once. */
function trail(
  node: ProfileNode,
  byId: ReadonlyMap<number, ProfileNode>,
  parents: ReadonlyMap<number, number>,
): Set<string> {
  const names = new Set<string>();
  for (let at: ProfileNode | undefined = node; at !== undefined; at = byId.get(parents.get(at.id) ?? -1))
    names.add(functionOf(at));
  return names;
}

function functionOf(node: ProfileNode): string {
  const { functionName, lineNumber } = node.callFrame;
  return `${functionName || '(anonymous)'} ${moduleOf(node)}:${lineNumber + 1}`;
}

function moduleOf({ callFrame: { functionName, url } }: ProfileNode): string {
  if (url === '') return functionName.startsWith('(') ? functionName : '(native)';
  const dependency = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1];
  return dependency ?? /\/(dist\/.*)$/.exec(url)?.[1] ?? url;
}

function add(times: Map<string, number>, name: string, time: number): void {
  times.set(name, (times.get(name) ?? 0) + time);
}
