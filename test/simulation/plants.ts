/**
 * Ways to break the engine on purpose. Each is a small change that looks harmless and takes one guard away; the
 * simulation is worth something only if it finds each of them. `find` stands once in its file: a test sees to that.
 */
export interface Plant {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export const PLANTS: readonly Plant[] = [
  {
    name: 'append to a segment without checking that it is open',
    file: 'src/queue/log/level-entries.ts',
    find: "{ kind: 'check', path, version: OPEN_VERSION },",
    replace: "{ kind: 'check', path, version: -1 },",
  },
  {
    name: 'retry an append whose answer was lost without looking for its token',
    file: 'src/queue/log/level-entries.ts',
    find: 'return listing?.children.some((name) => parseEntryName(name).token === first.token);',
    replace: 'return false;',
  },
  {
    name: 'take an append whose answer was lost for done',
    file: 'src/queue/log/level-entries.ts',
    find: 'return listing?.children.some((name) => parseEntryName(name).token === first.token);',
    replace: 'return true;',
  },
  {
    name: 'write a page whatever its version',
    file: 'src/queue/cursor/cursor-writer.ts',
    find: "return [{ kind: 'set', path, data, version: versionBefore }];",
    replace: "return [{ kind: 'set', path, data, version: ANY_VERSION }];",
  },
  {
    name: 'settle without comparing the lease',
    file: 'src/queue/model/cursor-draft.ts',
    find: 'return run.lease !== receipt.lease || this.isDead(run) ? LOST : run;',
    replace: 'return this.isDead(run) ? LOST : run;',
  },
  {
    name: 'trim a segment when one subscription has finished it',
    file: 'src/queue/log/trimmer.ts',
    find: 'for (const name of subscriptions.names) {',
    replace: 'for (const name of subscriptions.names.slice(0, 1)) {',
  },
  {
    name: 'say that there is nothing without having made certain',
    file: 'src/queue/cursor/waiting/requests.ts',
    find: "if (isSure && this.state.step === 'confirming') this.pending.settle(answer);",
    replace:
      "if ((answer === undefined && !isSure) || this.state.step === 'confirming') this.pending.settle(answer);",
  },
  {
    name: 'call a lease lost without having made certain',
    file: 'src/queue/cursor/round.ts',
    find: 'if (certain) for (const { index, length, outcome } of unsure) request.note(index, length, outcome);',
    replace:
      "for (const { index, length, outcome } of unsure) if (certain || outcome === 'lost') request.note(index, length, outcome);",
  },
  {
    name: 'let a lease end half a second early',
    file: 'src/queue/model/claim.ts',
    find: '.filter((run) => isReady(run, this.#draft.nowMs) && !this.#draft.isDead(run))',
    replace: '.filter((run) => isReady(run, this.#draft.nowMs + 500) && !this.#draft.isDead(run))',
  },
  {
    name: 'move dead letters in a commit of their own, after the page',
    file: 'src/queue/cursor/round.ts',
    find: 'const outcome = await commitParts(this.#runtime, [part, ...dead], signal);',
    replace:
      "const outcome = await commitParts(this.#runtime, [part], signal); if (outcome === 'applied' && dead.some(({ writes }) => writes.length > 0)) await commitParts(this.#runtime, dead, signal);",
  },
  {
    name: 'publish what a transaction makes in a commit of its own',
    file: 'src/queue/verbs/transact.ts',
    find: "if ((await commitParts(engine.runtime, all, signal)) !== 'applied') return AGAIN;",
    replace:
      "if (parts.length > 0) await commitParts(engine.runtime, parts, signal); const rest = [...cursors, ...marks]; if ((await commitParts(engine.runtime, rest, signal)) !== 'applied') return AGAIN;",
  },
  {
    name: 'move what is due without deleting it from the schedule in the same commit',
    file: 'src/queue/log/schedule.ts',
    find: 'const deletes = removed.map(',
    replace: 'const deletes = removed.slice(0, 0).map(',
  },
  {
    name: 'store a message without taking its dedupId',
    file: 'src/queue/log/append-plan.ts',
    find: 'if (taken.size > 0) parts.push(',
    replace: 'if (taken.size > 1) parts.push(',
  },
  {
    name: 'pass over a group only while its own segment has something in flight',
    file: 'src/queue/model/claim.ts',
    find: 'for (const { level, segment } of draft.view.pages()) {',
    replace: 'for (const { level, segment } of draft.view.pages().slice(-1)) {',
  },
  {
    name: 'purge all but the last message',
    file: 'src/queue/cursor/restart.ts',
    find: "if (target.kind === 'latest') positions[log.level] = { segment: open.number, offset: open.end };",
    replace:
      "if (target.kind === 'latest') positions[log.level] = { segment: open.number, offset: Math.max(0, open.end - 1) };",
  },
  {
    name: 'write to an incarnation without checking that it is still there',
    file: 'src/queue/log/topic-guard.ts',
    find: 'writes: [topic.guard()]',
    replace: 'writes: []',
  },
  {
    name: 'forget to read a page again when its segment was trimmed',
    file: 'src/queue/cursor/cursor-reader.ts',
    find: "if (known.header.state === 'open') return log.refresh();",
    replace: 'return log.refresh();',
  },
  {
    name: 'make certain without waiting for what is being read for others',
    file: 'src/queue/cursor/cursor-reader.ts',
    find: '(due ? this.#reading(part, watched, read) : part.reading);',
    replace: '(due ? this.#reading(part, watched, read) : undefined);',
  },
  {
    name: 'tell of a lease that was handed off wherever the entry has come to lie',
    file: 'src/queue/cursor/hand-off.ts',
    find: 'const told = (grant: Grant) => this.#rounds.answerGrant(grant, hasLanded ? part : UNKNOWN);',
    replace: 'const told = (grant: Grant) => this.#rounds.answerGrant(grant, part);',
  },
  {
    name: 'drop listings that a draft still needs',
    file: 'src/queue/cursor/drafting.ts',
    find: 'if (!this.#held.has(log)) this.#held.set(log, log.hold());',
    replace: 'if (!this.#held.has(log)) this.#held.set(log, () => {});',
  },
  {
    name: 'look for levels once, whatever configuration comes after',
    file: 'src/queue/log/topic.ts',
    find: 'if (this.#discoveredAt !== UNDISCOVERED) await this.discoverLevels();',
    replace: '',
  },
  {
    name: 'trim without looking whether a subscription is being made',
    file: 'src/queue/log/trimmer.ts',
    find: 'const writes = [...subscriptions.guards];',
    replace: 'const writes: Write[] = [];',
  },
  {
    name: 'count what was trimmed while others before it were not',
    file: 'src/queue/cursor/inspection.ts',
    find: 'const trimmed = inHolesBehind(holes, level, segment);',
    replace: 'const trimmed = inHolesBehind(holes, level, Number.POSITIVE_INFINITY);',
  },
  {
    name: 'refuse a repeated transaction without looking for its id behind a barrier',
    file: 'src/queue/verbs/transact.ts',
    find: 'if (certain) await engine.runtime.store.barrier();',
    replace: 'if (certain) return { values: new Map(), nodes: new Map() };',
  },
  {
    name: 'never ask for a turn, however often it is lost (found by the family shares)',
    file: 'src/queue/cursor/turns.ts',
    find: '!this.#taking.isStarving(nowMs)',
    replace: 'nowMs > 0',
  },
  {
    name: 'let nobody in who has asked for a turn (found by the family shares)',
    file: 'src/queue/cursor/guest-turns.ts',
    find: "return guest !== undefined && guest.phase !== 'away';",
    replace: 'return false;',
  },
  {
    name: "leave a schedule's mark on what moves elsewhere",
    file: 'src/queue/log/moved-messages.ts',
    find: '...(change.scheduledBy === undefined ? {} : { scheduledBy: change.scheduledBy }),',
    replace: '...(message.scheduledBy === undefined ? {} : { scheduledBy: message.scheduledBy }),',
  },
  {
    name: 'leave attributes out of the size of what is put into a commit',
    file: 'src/queue/model/entry.ts',
    find: 'bytes += PACKED_PAIR_BYTES_MAX + Buffer.byteLength(name) + Buffer.byteLength(value);',
    replace: 'bytes += name.length === value.length ? 0 : 0;',
  },
  {
    name: 'ask for entries to be read as long as any is missing',
    file: 'src/queue/model/cursor-draft.ts',
    find: 'const leaves = this.#hasLoadedMuch && (isBegun || this.changed.size > 0);',
    replace: 'const leaves = this.#hasLoadedMuch && isBegun && this.changed.size < 0;',
  },
  {
    name: 'count what a limited queue holds while the subscriptions of a transaction stand still',
    file: 'src/queue/verbs/transact.ts',
    find: 'const first = await attempt(engine, { ...attempting, admitted, certain: false });',
    replace:
      'const counted = await admit(engine.runtime, byTarget, signal); const first = await attempt(engine, { ...attempting, admitted: counted, certain: false });',
  },
  {
    name: 'count what a limited queue holds while the queue of a redrive stands still',
    file: 'src/queue/verbs/redrive.ts',
    find: 'return subscription.exclusively(() =>\n        attempt(engine, subscription, { to, max, untilMs, tickets, signal }),\n      );',
    replace:
      'return subscription.exclusively(async () => attempt(engine, subscription, { to, max, untilMs, tickets: await ticketsFor(engine, [...tickets.keys()], signal), signal }));',
  },
  {
    name: 'take an open segment for read to its end',
    file: 'src/queue/log/log-reader.ts',
    find: "} else if (segment.header.state !== 'open') {",
    replace: "} else if (segment.header.state !== 'open' || this.#offset > 0) {",
  },
  {
    name: 'pass over what was trimmed before a stream came to it',
    file: 'src/queue/log/log-reader.ts',
    find: 'return before === undefined || header.ordinal > before;',
    replace: 'return false;',
  },
  {
    name: 'take the time at which a message was published for that of entering the log',
    file: 'src/queue/log/append-times.ts',
    find: 'return (await store.stat(log.entryPath(segment, slot)))?.ctimeMs;',
    replace:
      "const node = await store.read(log.entryPath(segment, slot)); const codec = (await import('../model/entry.ts')).createEntryCodec(); return node && codec.decode(node.data, '').messages[0]?.publishedAtMs;",
  },
  {
    name: 'begin a seek with the segment behind the one that holds the instant',
    file: 'src/queue/log/append-times.ts',
    find: 'isSegmentBefore)) - 1);',
    replace: 'isSegmentBefore)));',
  },
];
