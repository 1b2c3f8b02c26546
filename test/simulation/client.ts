/** What every client of a run can do; each request goes to a gateway of its own choice, and into the ledger. */
import type {
  Broker,
  Call,
  NewMessage,
  Outcome,
  PublishedMessage,
  ReceivedMessage,
  ReceiveRequest,
  ResourceConfigs,
  ResourceKind,
  ResourceRef,
  SettleAction,
  TransactionResult,
} from '../../src/queue/index.ts';
import type { Chance } from './chance.ts';
import { type Delivery, keyOf, type Publish, type Span } from './ledger.ts';
import type { Answer, SimulatedGateway } from './simulated-gateway.ts';
import { nameOf, type Source, sourceRefOf, type Target, topicRefOf, type World } from './world.ts';

/** A message to publish; its key is its body. */
export type Draft = Omit<NewMessage, 'body' | 'bodyKind' | 'contentType'> & { readonly key: string };

export interface Receiving extends Partial<ReceiveRequest> {
  readonly leaveAfterMs?: number;
}

export class Client {
  readonly world: World;
  readonly chance: Chance;
  readonly name: string;
  #keys = 0;

  constructor(world: World, name: string) {
    this.world = world;
    this.name = name;
    this.chance = world.chance.derive(name);
  }

  get gateway(): SimulatedGateway {
    return this.chance.pick(this.world.gateways);
  }

  /** Whether to go on, after a pause. */
  async next(): Promise<boolean> {
    await this.world.time.sleep(this.chance.around(this.world.scenario.thinkMs));
    return this.world.remaining > 0;
  }

  newKey(): string {
    this.#keys += 1;
    return `${this.name}-${this.#keys}`;
  }

  /** A request for which there is no excuse any more. */
  async must<Value>(
    name: string,
    act: (broker: Broker, call: Call) => Promise<Value>,
    gateway = this.gateway,
  ): Promise<Value> {
    const { answer } = await this.world.ask(gateway, act, { name });
    if (answer.kind === 'done') return answer.value;
    throw new Error(`${name} should have succeeded: ${JSON.stringify(answer)}`);
  }

  /** Makes a queue, topic or subscription, or gives it another configuration. */
  async make<Kind extends ResourceKind>(
    ref: ResourceRef<Kind>,
    config: ResourceConfigs[Kind],
  ): Promise<void> {
    await this.must(`making ${ref.name}`, (broker, call) => broker.put(ref, config, {}, call));
  }

  async publish(
    target: Target,
    drafts: readonly Draft[],
    gateway = this.gateway,
  ): Promise<Answer<PublishedMessage[]>> {
    const { answer, span } = await this.world.ask(
      gateway,
      (broker, call) => broker.publish(topicRefOf(target), drafts.map(messageOf), call),
      { name: `publishing to ${nameOf(target)}` },
    );
    this.notePublishes(target, drafts, answer, span);
    return answer;
  }

  notePublishes(
    target: Target,
    drafts: readonly Draft[],
    answer: Answer<readonly PublishedMessage[]>,
    span: Span,
    transaction?: number,
  ): void {
    const { publishes } = this.world.ledger;
    const request = publishes.length;
    drafts.forEach(({ deliverAtMs: _, ...draft }, index) => {
      const told = answer.kind === 'done' ? answer.value[index] : undefined;
      const id = told === undefined ? {} : { id: told.id, duplicate: told.duplicate === true };
      const code = answer.kind === 'refused' ? { code: answer.code } : {};
      const by = transaction === undefined ? {} : { transaction };
      const noted: Publish = {
        ...draft,
        target: nameOf(target),
        request,
        kind: answer.kind,
        ...id,
        ...code,
        ...by,
        ...span,
      };
      publishes.push(noted);
    });
  }

  async receive(
    source: Source,
    receiving: Receiving,
    gateway = this.gateway,
  ): Promise<readonly ReceivedMessage[]> {
    const { leaveAfterMs, ...fields } = receiving;
    const request: ReceiveRequest = { max: 1, waitSeconds: 0, autoAck: false, ...fields };
    const { ledger } = this.world;
    const { answer, span } = await this.world.ask(
      gateway,
      (broker, call) => broker.receive(sourceRefOf(source), request, call),
      {
        name: `receiving from ${nameOf(source)}`,
        waitMs: request.waitSeconds * 1000,
        ...(leaveAfterMs === undefined ? {} : { leaveAfterMs }),
        undelivered: async (broker: Broker, { messages }) => {
          if (request.autoAck || request.attemptId !== undefined || messages.length === 0) return;
          await broker.release(
            sourceRefOf(source),
            messages.map(({ receipt }) => receipt),
          );
        },
      },
    );
    const messages = answer.kind === 'done' ? answer.value.messages : [];
    const { max, autoAck, attemptId, ack } = request;
    const attempt = attemptId === undefined ? {} : { attemptId };
    const { kind } = answer;
    const code = kind === 'refused' ? { code: answer.code } : {};
    ledger.receives.push({
      source: nameOf(source),
      kind,
      ...code,
      count: messages.length,
      autoAck,
      max,
      ...attempt,
      ...span,
    });
    const leaseMs = 1000 * (request.leaseSeconds ?? 0);
    messages.forEach((message, index) => {
      const lease = { leasedMs: message.leaseExpiresAtMs - leaseMs, autoAck, index };
      const delivery: Delivery = {
        source: nameOf(source),
        key: keyOf(message),
        message,
        ...lease,
        ...attempt,
        ...span,
      };
      ledger.deliveries.push(delivery);
    });
    if (ack !== undefined) {
      const told = answer.kind === 'done' ? { ...answer, value: answer.value.acked ?? [] } : answer;
      this.noteSettles(source, 'ack', ack, told, span);
    }
    return messages;
  }

  /** Takes all that can be received now, for good. */
  async takeAll(source: Source, gateway?: SimulatedGateway): Promise<ReceivedMessage[]> {
    const taken: ReceivedMessage[] = [];
    for (;;) {
      const { messages } = await this.must(
        `emptying ${nameOf(source)}`,
        (broker, call) =>
          broker.receive(sourceRefOf(source), { max: 100, waitSeconds: 0, autoAck: true }, call),
        gateway ?? this.gateway,
      );
      if (messages.length === 0) return taken;
      taken.push(...messages);
    }
  }

  async settle(
    source: Source,
    action: SettleAction,
    receipts: readonly string[],
  ): Promise<Answer<Outcome[]>> {
    const { answer, span } = await this.world.ask(
      this.gateway,
      (broker, call) => broker.settle(sourceRefOf(source), action, receipts, call),
      { name: `${action.kind} at ${nameOf(source)}` },
    );
    const leaseMs = action.kind === 'extend' ? action.leaseSeconds * 1000 : undefined;
    this.noteSettles(source, action.kind, receipts, answer, span, leaseMs);
    return answer;
  }

  noteSettles(
    source: Source,
    verb: SettleAction['kind'],
    receipts: readonly string[],
    answer: Answer<readonly Outcome[]>,
    span: Span,
    leaseMs?: number,
  ): void {
    receipts.forEach((receipt, index) => {
      const outcome = answer.kind === 'done' ? (answer.value[index]?.outcome ?? 'invalid') : answer.kind;
      const lease = leaseMs === undefined ? {} : { leaseMs };
      this.world.ledger.settles.push({ source: nameOf(source), verb, receipt, outcome, ...lease, ...span });
    });
  }

  /** Acks one message and publishes others, in one step, trying again with the same id while that is of use. */
  async transact(
    source: Source,
    receipt: string,
    publishes: readonly { readonly target: Target; readonly drafts: readonly Draft[] }[],
    transactionId: string | undefined,
  ): Promise<Answer<TransactionResult>> {
    const { answer, span } = await this.world.ask(
      this.gateway,
      (broker, call) =>
        broker.transact(
          {
            ...(transactionId === undefined ? {} : { transactionId }),
            acks: [{ source: sourceRefOf(source), receipts: [receipt] }],
            publishes: publishes.map(({ target, drafts }) => ({
              target: topicRefOf(target),
              messages: drafts.map(messageOf),
            })),
          },
          call,
        ),
      { name: `a transaction on ${nameOf(source)}` },
    );
    const number = this.world.ledger.settles.length;
    publishes.forEach(({ target, drafts }, index) => {
      const told =
        answer.kind === 'done' ? { ...answer, value: answer.value.publishes[index]?.messages ?? [] } : answer;
      this.notePublishes(target, drafts, told, span, number);
    });
    const isLost = answer.kind === 'refused' && answer.code === 'transaction-aborted';
    const outcome = isLost ? 'lost' : answer.kind === 'done' ? 'ok' : answer.kind;
    this.world.ledger.settles.push({ source: nameOf(source), verb: 'ack', receipt, outcome, ...span });
    return answer;
  }
}

function messageOf({ key, ...draft }: Draft): NewMessage {
  return { ...draft, body: Buffer.from(key), bodyKind: 'text', contentType: 'text/plain' };
}
