import { describe, expect, it } from 'vitest';
import { type Call, Calls } from '../../../../src/queue/zookeeper/calls.ts';

/** Calls on a socket that the test opens, fills and empties. */
function controlled(requestTimeoutMs = 60_000) {
  const socket = { isOpen: true, isWritable: true };
  const sent: { what: string; reply: (value: string) => void; isWanted: () => boolean }[] = [];
  const calls = new Calls({
    requestTimeoutMs,
    isOpen: () => socket.isOpen,
    isWritable: () => socket.isWritable,
  });
  const call = (what: string, bytes = 1, isWrite = true): Call<string> => ({
    what,
    isWrite,
    bytes,
    send: (reply, isWanted) => sent.push({ what, reply, isWanted }),
  });
  return { socket, sent, calls, call };
}

const kindOf = (promise: Promise<unknown>) => promise.then(String, (error) => error.kind ?? error.message);

describe('calls', () => {
  it('are sent in order and answered each with its own reply', async () => {
    const { sent, calls, call } = controlled();
    const answers = ['a', 'b', 'c'].map((what) => calls.run(call(what)));
    expect(sent.map((each) => each.what)).toEqual(['a', 'b', 'c']);
    for (const { what, reply } of sent) reply(`${what}!`);
    expect(await Promise.all(answers)).toEqual(['a!', 'b!', 'c!']);
    expect(calls.outstanding).toBe(0);
  });

  it('wait while the socket is full, and go on when it has drained', async () => {
    const { socket, sent, calls, call } = controlled();
    socket.isWritable = false;
    const answer = calls.run(call('a'));
    expect(sent).toHaveLength(0);
    socket.isWritable = true;
    calls.pump();
    sent[0]?.reply('done');
    expect(await answer).toBe('done');
  });

  it('are bounded in number: the next is sent when one was answered', async () => {
    const { sent, calls, call } = controlled();
    const answers = Array.from({ length: 130 }, (_, index) => kindOf(calls.run(call(`${index}`))));
    expect(sent).toHaveLength(128);
    sent[0]?.reply('x');
    expect(sent).toHaveLength(129);
    calls.interrupt();
    await Promise.all(answers);
  });

  it('are bounded in bytes, but one that is larger than the bound goes alone', async () => {
    const { sent, calls, call } = controlled();
    const answers = ['a', 'b', 'c'].map((what) => kindOf(calls.run(call(what, 9_000_000))));
    expect(sent.map((each) => each.what)).toEqual(['a']);
    sent[0]?.reply('x');
    expect(sent.map((each) => each.what)).toEqual(['a', 'b']);
    calls.interrupt();
    expect(await Promise.all(answers)).toEqual(['x', 'unknown', 'unavailable']);
  });

  it('that were abandoned keep their place until the reply comes, which tells that nobody wants it', async () => {
    const { sent, calls, call } = controlled();
    const giveUp = new AbortController();
    const abandoned = kindOf(calls.run(call('abandoned'), giveUp.signal));
    giveUp.abort();
    expect(await abandoned).toBe('unknown');
    expect(calls.outstanding).toBe(1);
    expect(sent[0]?.isWanted()).toBe(false);
    sent[0]?.reply('late');
    expect(calls.outstanding).toBe(0);
  });

  it('that time out are unknown when sent, unavailable when they read or waited', async () => {
    const { socket, calls, call } = controlled(20);
    const write = kindOf(calls.run(call('write')));
    const read = kindOf(calls.run(call('read', 1, false)));
    socket.isWritable = false;
    const waiting = kindOf(calls.run(call('waiting')));
    expect(await Promise.all([write, read, waiting])).toEqual(['unknown', 'unavailable', 'unavailable']);
  });

  it('that were interrupted are not bothered by a reply that comes later', async () => {
    const { sent, calls, call } = controlled();
    const answer = kindOf(calls.run(call('a')));
    calls.interrupt();
    expect(await answer).toBe('unknown');
    sent[0]?.reply('late');
    expect(calls.outstanding).toBe(0);
  });

  it('are refused when nothing is open, when they were aborted before, and when ten thousand wait', async () => {
    const { socket, calls, call } = controlled();
    expect(await kindOf(calls.run(call('a'), AbortSignal.abort()))).toBe('unavailable');
    socket.isWritable = false;
    const waiting = Array.from({ length: 10_000 }, () => kindOf(calls.run(call('w'))));
    expect(await kindOf(calls.run(call('one too many')))).toBe('unavailable');
    socket.isOpen = false;
    calls.interrupt();
    await Promise.all(waiting);
    expect(await kindOf(calls.run(call('b')))).toBe('unavailable');
  });

  it('whose sending throws fail with that, and leave no trace', async () => {
    const { calls } = controlled();
    const send = () => {
      throw new Error('cannot be sent');
    };
    expect(await kindOf(calls.run({ what: 'a', isWrite: true, bytes: 1, send }))).toBe('cannot be sent');
    expect(calls.outstanding).toBe(0);
  });
});
