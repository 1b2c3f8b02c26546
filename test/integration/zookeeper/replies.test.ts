import { describe, expect, it, vi } from 'vitest';
import { opcode, type ProxyFrame, type TcpProxy, type Verdict } from '../../support/tcp-proxy.ts';
import { connected } from '../../support/test-store.ts';
import { create, fresh } from '../../support/write-builders.ts';
import { useZooKeeper } from '../../support/zookeeper-fixture.ts';

const zookeeper = useZooKeeper(['enforceQuota=true']);

/** Judges the next reply to a request of this kind. */
function tamper(proxy: TcpProxy, kind: number, judge: (frame: ProxyFrame) => Verdict): void {
  proxy.onReply = (frame) => {
    if (frame.opcode !== kind) return 'forward';
    proxy.onReply = () => 'forward';
    return judge(frame);
  };
}

/** A reply that says nothing but this code. */
function errorReply({ bytes }: ProxyFrame, code: number): Verdict {
  const reply = Buffer.from(bytes.subarray(0, 20));
  reply.writeInt32BE(16, 0);
  reply.writeInt32BE(code, 16);
  return { replaceBy: reply };
}

describe('a reply with an error code', () => {
  it('that the client does not know is refused, and harms nothing else', async () => {
    const { store, proxy } = await zookeeper.openThroughProxy();
    for (const code of [-125, -127, -120, -9999, 1]) {
      tamper(proxy, opcode.getData, (frame) => errorReply(frame, code));
      const [failed, other] = await Promise.allSettled([store.read('/'), store.stat('/')]);
      expect(failed).toMatchObject({ status: 'rejected', reason: { kind: 'refused' } });
      expect(other.status).toBe('fulfilled');
    }
    expect(proxy.handshakes).toBe(1);
  });

  it('that the session has moved or expired means that a write was certainly not applied', async () => {
    const { store, proxy } = await zookeeper.openThroughProxy();
    for (const code of [-118, -112]) {
      tamper(proxy, opcode.multi, (frame) => errorReply(frame, code));
      await expect(store.commit([create('/a')])).rejects.toMatchObject({ kind: 'unavailable' });
    }
  });

  it('from a quota is refused, inside a commit as well', async () => {
    const name = `quota-${process.pid}`;
    const admin = zookeeper.begin(zookeeper.server.address);
    await connected(admin);
    const limits = 'count=-1,bytes=-1=;byteHardLimit=-1;countHardLimit=2';
    const quota = `/zookeeper/quota/${name}`;
    const data = Buffer.from(limits);
    await admin.commit([
      create(`/${name}`),
      create(quota),
      { kind: 'create', path: `${quota}/zookeeper_limits`, data },
      { kind: 'create', path: `${quota}/zookeeper_stats`, data: Buffer.from('count=1,bytes=0') },
    ]);
    // The server compares with what was applied before, so one at a time.
    await admin.commit([create(`/${name}/1`)]);
    const second = admin.commit([{ kind: 'check', path: `/${name}`, version: -1 }, create(`/${name}/2`)]);
    await expect(second).rejects.toMatchObject({ kind: 'refused' });
    expect(admin.state).toBe('connected');
  });
});

describe('a connection that breaks in the middle of a reply', () => {
  it('leaves no bytes before those of the next one, wherever it is cut', async () => {
    const { store, proxy } = await zookeeper.openThroughProxy();
    await store.commit(fresh('/node', 'value'));
    for (const length of [1, 3, 4, 5, 19, 20, 30]) {
      tamper(proxy, opcode.getData, ({ bytes }) => ({ replaceBy: bytes.subarray(0, length), thenCut: true }));
      await expect(store.read('/node')).rejects.toMatchObject({ kind: 'unavailable' });
      await connected(store);
      expect((await store.read('/node'))?.data.toString()).toBe('value');
    }
  });
});

describe('a reply that makes no sense', () => {
  const cases: [string, (frame: ProxyFrame) => Buffer][] = [
    ['too short for its header', () => Buffer.from('0000000400000001', 'hex')],
    ['with a negative length', () => Buffer.from('ffffffff', 'hex')],
    ['with an immense length', () => Buffer.from('7fffffff', 'hex')],
    ['whose data ends early', ({ bytes }) => withLength(bytes.subarray(0, 24))],
    ['to another request', ({ bytes }) => withXid(bytes, 999_999)],
    ['to another request, with an error', ({ bytes }) => withCode(withXid(bytes, 999_999), -101)],
  ];
  it.each(cases)('%s ends the connection and is not missed', async (_, garbage) => {
    const { store, proxy } = await zookeeper.openThroughProxy({ requestTimeoutMs: 1_000_000 });
    tamper(proxy, opcode.getData, (frame) => ({ replaceBy: garbage(frame) }));
    await expect(store.read('/')).rejects.toMatchObject({ kind: 'unavailable' });
    await connected(store);
    expect(await store.read('/')).toBeDefined();
    expect(proxy.handshakes).toBe(2);
  });

  it('ends the connection when it is an event of a kind that nobody knows, or not even that', async () => {
    const { store, proxy } = await zookeeper.openThroughProxy();
    const watch = vi.fn();
    await store.read('/clock', { watch });
    proxy.onReply = ({ bytes, xid }) => {
      if (xid !== -1) return 'forward';
      const event = Buffer.from(bytes);
      event.writeInt32BE(77, 20);
      return { replaceBy: event };
    };
    await store.barrier();
    await store.barrier();
    expect(watch).not.toHaveBeenCalled();
    expect(store.state).toBe('connected');
  });
});

describe('many replies in one piece', () => {
  it('are all handled', async () => {
    const { store, proxy } = await zookeeper.openThroughProxy();
    await store.commit(fresh('/node', 'x'.repeat(10_000)));
    proxy.hold('toClient');
    const reads = Array.from({ length: 100 }, () => store.read('/node'));
    let answered = 0;
    await new Promise<void>((resolve) => {
      proxy.onReply = () => {
        answered += 1;
        if (answered === 100) setImmediate(resolve);
        return 'forward';
      };
    });
    proxy.release();
    const nodes = await Promise.all(reads);
    expect(nodes.every((node) => node?.data.length === 10_000)).toBe(true);
  });
});

function withLength(bytes: Buffer): Buffer {
  const frame = Buffer.from(bytes);
  frame.writeInt32BE(frame.length - 4, 0);
  return frame;
}

function withXid(bytes: Buffer, xid: number): Buffer {
  const frame = Buffer.from(bytes);
  frame.writeInt32BE(xid, 4);
  return frame;
}

function withCode(bytes: Buffer, code: number): Buffer {
  const frame = Buffer.from(bytes);
  frame.writeInt32BE(code, 16);
  return frame;
}
