/**
 * The ways in which a call of the store can end badly, and what rivals may do at that very moment.
 *
 *   heals     the act must come to its end as if nothing had happened
 *   leaves    the act may be refused, and then has changed nothing, or end with an unknown outcome: all of it was done,
 *             or nothing
 */
import { type CommitConflict, StoreError, type Write } from '../../src/queue/zookeeper/store.ts';
import type { EngineCluster } from './engine-fixture.ts';
import type { MemoryStore } from './memory-store.ts';
import { isWrite, type StoreCall, type Trouble, type TroubledStore, unanswered } from './troubled-store.ts';

export interface Adversity {
  readonly name: string;
  readonly outcome: 'heals' | 'leaves';
  readonly concerns?: (call: StoreCall) => boolean;
  /** Made for each act anew. `mend` is called when the act has ended. */
  make(
    cluster: EngineCluster,
  ): Promise<{ readonly trouble: Trouble; readonly mend?: () => void | Promise<void> }>;
  /** The limit of requests is to be reached. */
  readonly lasts?: true;
}

const STANDSTILL_MS = 8;
const after = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

const once = (name: string, outcome: Adversity['outcome'], trouble: Trouble): Adversity => ({
  name,
  outcome,
  make: async () => ({ trouble }),
});

/** The connection goes, with the call on its way, and comes back. */
function cut(
  name: string,
  inFlight: 'applied' | 'dropped',
  state: 'suspended' | 'lost',
  reconnect: (store: MemoryStore) => void,
): Adversity {
  return once(name, 'heals', (run, _call, { inner }) => {
    const answer = run();
    queueMicrotask(() => {
      inner.disconnect(inFlight, state);
      reconnect(inner);
    });
    return answer;
  });
}

const soon = (store: MemoryStore) => setImmediate(() => store.connect());
const later = (store: MemoryStore) => setTimeout(() => store.connect(), STANDSTILL_MS);

/** No answer comes in time although the connection lives; the write arrives later, or never does. */
function overdue(arrives: boolean): Trouble {
  return (run, call, store) => {
    store.standStill(after(STANDSTILL_MS));
    if (arrives && isWrite(call)) store.inTurn(run).catch(() => {});
    return Promise.reject(unanswered(call));
  };
}

export const passingAdversities: readonly Adversity[] = [
  once('it was not sent', 'heals', () =>
    Promise.reject(new StoreError('unavailable', 'not sent, for the test')),
  ),
  once('it never arrived, and no answer came', 'heals', (_run, call) => Promise.reject(unanswered(call))),
  once('it took effect, and no answer came', 'heals', async (run, call) => {
    await run();
    throw unanswered(call);
  }),
  once('no answer came in time, and it took effect later', 'heals', overdue(true)),
  once('no answer came in time, and it never took effect', 'heals', overdue(false)),
  cut('the connection was cut before it arrived', 'dropped', 'suspended', soon),
  cut('the connection was cut after it took effect', 'applied', 'suspended', soon),
  cut('the session was lost before it arrived', 'dropped', 'lost', later),
  cut('the session was lost after it took effect', 'applied', 'lost', later),
];

const isCommit = ({ kind }: StoreCall) => kind === 'commit';

/** A reason that an operation of this kind may fail for. */
const reasons: Record<Write['kind'], readonly CommitConflict['reason'][]> = {
  create: ['exists', 'missing'],
  set: ['version', 'missing'],
  check: ['version', 'missing'],
  delete: ['version', 'missing', 'not-empty'],
};

/** Answers once that an operation has failed although nobody has done anything. */
const conflictsWithoutCause = (['first', 'middle', 'last'] as const).flatMap((where) =>
  [0, 1, 2].map((which): Adversity => {
    const trouble: Trouble = (run, { writes = [] }) => {
      const index = { first: 0, middle: writes.length >> 1, last: writes.length - 1 }[where];
      const reason = reasons[(writes[index] as Write).kind][which];
      return reason === undefined ? run() : Promise.resolve({ applied: false, index, reason });
    };
    return {
      ...once(`its ${where} operation failed without a cause (${which})`, 'heals', trouble),
      concerns: isCommit,
    };
  }),
);

export const spuriousConflicts: readonly Adversity[] = conflictsWithoutCause;

/** The ensemble says no, or is away for longer than a request may take. */
export const lastingAdversities: readonly Adversity[] = [
  once('it was refused', 'leaves', () => Promise.reject(new StoreError('refused', 'refused, for the test'))),
  ...(['dropped', 'applied'] as const).map((inFlight): Adversity => {
    return {
      name: `the ensemble stayed away, and what was on its way was ${inFlight}`,
      outcome: 'leaves',
      lasts: true,
      async make() {
        let away: MemoryStore | undefined;
        return {
          trouble(run, _call, { inner }) {
            const answer = run();
            away = inner;
            queueMicrotask(() => inner.disconnect(inFlight));
            return answer;
          },
          mend: () => away?.connect(),
        };
      },
    };
  }),
  ...[true, false].map((arrives): Adversity => {
    return {
      name: `the ensemble stayed silent, and what was sent ${arrives ? 'took effect later' : 'was lost'}`,
      outcome: 'leaves',
      lasts: true,
      async make() {
        let mend = () => {};
        return {
          trouble: (run, call, store) =>
            beSilent(run, call, store, arrives, (end) => {
              mend = end;
            }),
          mend: () => mend(),
        };
      },
    };
  }),
];

/** Every call from this one on gets no answer in its time, until mended. */
function beSilent(
  run: () => Promise<unknown>,
  call: StoreCall,
  store: TroubledStore,
  arrives: boolean,
  onMend: (mend: () => void) => void,
): Promise<unknown> {
  let mended = false;
  const silent: Trouble = async (runThis, thisCall) => {
    if (mended) return store.inTurn(runThis);
    if (arrives && isWrite(thisCall)) store.inTurn(runThis).catch(() => {});
    await after(STANDSTILL_MS);
    throw unanswered(thisCall);
  };
  store.standStill(
    new Promise<void>((resolve) => {
      onMend(() => {
        mended = true;
        store.heal();
        resolve();
      });
    }),
  );
  store.planAll(silent);
  return silent(run, call, store);
}
