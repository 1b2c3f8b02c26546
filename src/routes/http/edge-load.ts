/**
 * Limits what the requests of one gateway hold in memory at a time: their number, the bodies that have come in, the
 * answers that go out. A request that does not fit is refused before its body is read; an answer that does not fit is
 * not kept.
 *
 * Guarantees: every request gives back what it has taken, however it ends; a client that takes its answer too slowly is
 * disconnected.
 */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyReply } from 'fastify';
import type { Principal } from '../../access/index.ts';
import { Budget } from '../../queue/index.ts';
import { AnswerRoom } from './answer-room.ts';
import { askForBody } from './early-answers.ts';
import type { RouteCounts } from './http-counts.ts';
import { type PrincipalLimits, type PrincipalShare, PrincipalShares } from './principal-shares.ts';
import { Problem } from './problems.ts';

/** Infinity means no limit. */
export interface EdgeLimits {
  /** Requests that are not answered yet, waiting ones and streams among them. */
  readonly requestsMax: number;
  /** Bodies of requests, as far as they have come. */
  readonly requestBytesMax: number;
  /** Of each principal; undefined means all that there is. */
  readonly ofPrincipal?: PrincipalLimits | undefined;
  /** Answers, until the client has taken them. */
  readonly answerBytesMax: number;
  /** For a client to take an answer, beside the time that its size allows for. */
  readonly answerGraceMs: number;
  /** Slower than this nobody needs to take an answer. */
  readonly answerBytesPerMsMin: number;
}

export const EDGE_LIMITS: EdgeLimits = {
  requestsMax: Number.POSITIVE_INFINITY,
  requestBytesMax: Number.POSITIVE_INFINITY,
  answerBytesMax: Number.POSITIVE_INFINITY,
  answerGraceMs: 30_000,
  answerBytesPerMsMin: 64,
};

/** What is at most so large is served from a part that is kept for it: acks go on while publishes are refused. */
const SMALL_BYTES = 64 * 1024;
/** The part of the bytes of bodies that large ones leave to small ones. */
const RESERVED_PART = 1 / 4;

export class EdgeLoad {
  readonly answerBytes: Budget;
  readonly requestBytes: Budget;
  readonly requests: Budget;
  readonly principals: PrincipalShares;
  readonly #limits: EdgeLimits;
  readonly #isCutOff: () => boolean;
  /**
   * The requests under way on each connection. A response tells when it is finished, but not reliably that its
   * connection has ended (not while it waits for its turn there): the socket tells.
   */
  readonly #bySocket = new WeakMap<Socket, Set<RequestShare>>();

  /** @param isCutOff whether no request could be served now, nor soon */
  constructor(limits: EdgeLimits, isCutOff: () => boolean = () => false) {
    this.#isCutOff = isCutOff;
    this.requests = new Budget(limits.requestsMax);
    this.requestBytes = new Budget(limits.requestBytesMax);
    this.answerBytes = new Budget(limits.answerBytesMax);
    this.principals = new PrincipalShares(limits.ofPrincipal);
    this.#limits = limits;
  }

  /** Longest that a client may take for an answer of this size. */
  answerMsMax(bytes: number): number {
    return this.#limits.answerGraceMs + bytes / this.#limits.answerBytesPerMsMin;
  }

  /**
   * Room for what one more stream sends.
   *
   * @throws Problem 'rate-limited' while clients take their answers too slowly
   */
  streamRoom(): AnswerRoom {
    const room = new AnswerRoom(this.answerBytes);
    if (room.isPressed) throw answersNotTaken();
    return room;
  }

  /**
   * The share of one request, from now until it is over.
   *
   * @param counts told how the request ends
   * @param isLimited false for those that must be answered in any case, such as whether the process runs
   * @throws Problem 'rate-limited', or 'unavailable'
   */
  enter({ raw: response, request }: FastifyReply, counts: RouteCounts, isLimited: boolean): RequestShare {
    if (isLimited && !this.requests.fits(1)) {
      countRefusal(response, counts);
      throw tooMuch(`${this.requests.max} requests are under way at this gateway`);
    }
    if (isLimited && this.#isCutOff()) {
      countRefusal(response, counts);
      throw new Problem(
        'unavailable',
        'This gateway is cut off from ZooKeeper; nothing was changed. Try again.',
      );
    }
    const { socket } = request.raw;
    const siblings = this.#bySocket.get(socket) ?? this.#follow(socket);
    const share = new RequestShare(this, response, siblings, counts, isLimited ? 1 : 0);
    if (socket.destroyed || response.destroyed) share.end(false);
    else response.once('finish', () => share.end(!socket.destroyed));
    return share;
  }

  /**
   * `writableFinished` is not to be trusted: of a socket that was destroyed with an answer in its buffers it is true,
   * and even `finish` is emitted then. The answer is on its way when `finish` finds the socket alive.
   */
  #follow(socket: Socket): Set<RequestShare> {
    const shares = new Set<RequestShare>();
    this.#bySocket.set(socket, shares);
    socket.once('close', () => {
      for (const share of shares) share.end(false);
    });
    return shares;
  }
}

export class RequestShare {
  readonly #load: EdgeLoad;
  readonly #response: ServerResponse;
  readonly #siblings: Set<RequestShare>;
  readonly #counts: RouteCounts;
  #requests: number;
  #own: PrincipalShare | undefined;
  #waits = 0;
  readonly #startMs = performance.now();
  #requestBytes = 0;
  #answerBytes = 0;
  #isOver = false;
  #isDelivered = false;
  #timer: NodeJS.Timeout | undefined;
  #onOver: ((isDelivered: boolean) => void) | undefined;

  /** Made by `EdgeLoad.enter`. */
  constructor(
    load: EdgeLoad,
    response: ServerResponse,
    siblings: Set<RequestShare>,
    counts: RouteCounts,
    requests: number,
  ) {
    this.#load = load;
    this.#counts = counts;
    this.#response = response;
    this.#siblings = siblings;
    this.#requests = requests;
    siblings.add(this);
    load.requests.add(requests);
  }

  /**
   * Calls back when the request is over, with whether its answer is on its way; at once when it is over already. For
   * one who wants to know.
   */
  onOver(callback: (isDelivered: boolean) => void): void {
    if (this.#isOver) callback(this.#isDelivered);
    else this.#onOver = callback;
  }

  /** It is refused, and takes no room among the requests any more, however long it may take to be over. */
  giveRoom(): void {
    if (this.#isOver) return;
    this.#load.requests.give(this.#requests);
    this.#requests = 0;
  }

  /** It is known whose request it is. Throws Problem 'rate-limited', when those of its principal are too many. */
  belongTo(principal: Principal): void {
    if (this.#isOver || this.#requests === 0) return;
    const own = this.#load.principals.of(principal);
    if (own === undefined) return;
    if (!own.requests.take(1)) throw tooMuchOfOne(own, `${own.requests.max} requests under way`);
    this.#own = own;
  }

  /** It is a receive that waits, from now until it is over. Throws Problem 'rate-limited'. */
  holdWait(): void {
    const own = this.#own;
    if (own === undefined || this.#isOver) return;
    if (!own.waitingReceives.take(1)) {
      throw tooMuchOfOne(own, `${own.waitingReceives.max} receives that wait`);
    }
    this.#waits = 1;
  }

  /** Makes sure that there is room for a body, and asks for it if need be. Throws Problem 'rate-limited'. */
  expectBody(bytes: number): void {
    if (!this.#load.requestBytes.fits(bytes, this.#reserveFor(bytes))) throw tooManyBytes();
    if (this.#own?.requestBytes.fits(bytes) === false) throw tooManyBytesOfOne(this.#own);
    askForBody(this.#response);
  }

  /** A part of the body has come. Throws Problem 'rate-limited'. */
  holdBody(bytes: number): void {
    const reserve = this.#reserveFor(this.#requestBytes + bytes);
    if (this.#own?.requestBytes.fits(bytes) === false) throw tooManyBytesOfOne(this.#own);
    if (this.#isOver || !this.#load.requestBytes.take(bytes, reserve)) throw tooManyBytes();
    this.#own?.requestBytes.add(bytes);
    this.#requestBytes += bytes;
  }

  /**
   * The answer goes out now, and is to be taken in time.
   *
   * @param isRefusable whether nothing is lost when it is not sent
   * @throws Problem 'rate-limited', when it is refusable
   */
  holdAnswer(bytes: number, isRefusable: boolean): void {
    if (bytes <= SMALL_BYTES || this.#isOver) return;
    const { answerBytes } = this.#load;
    if (isRefusable && !answerBytes.fits(bytes)) {
      throw answersNotTaken();
    }
    answerBytes.add(bytes);
    this.#answerBytes = bytes;
    this.#timer = setTimeout(() => this.#response.socket?.destroy(), this.#load.answerMsMax(bytes));
    this.#timer.unref();
  }

  /** Gives everything back. */
  end(isDelivered: boolean): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#isDelivered = isDelivered;
    if (isDelivered) this.#counts.note(this.#response.statusCode, performance.now() - this.#startMs);
    else this.#counts.abandoned += 1;
    this.#siblings.delete(this);
    clearTimeout(this.#timer);
    this.#load.requests.give(this.#requests);
    this.#load.requestBytes.give(this.#requestBytes);
    this.#load.answerBytes.give(this.#answerBytes);
    if (this.#own !== undefined) this.#giveOwn(this.#own);
    this.#onOver?.(isDelivered);
  }

  #giveOwn(own: PrincipalShare): void {
    own.requests.give(1);
    own.waitingReceives.give(this.#waits);
    own.requestBytes.give(this.#requestBytes);
    this.#load.principals.forgetUnused(own);
  }

  #reserveFor(bytes: number): number {
    const { max } = this.#load.requestBytes;
    return bytes <= SMALL_BYTES || max === Number.POSITIVE_INFINITY ? 0 : max * RESERVED_PART;
  }
}

/** With the status that its door answers with. */
function countRefusal(response: ServerResponse, counts: RouteCounts): void {
  response.once('finish', () => counts.note(response.statusCode, 0));
}

function tooMuchOfOne({ name }: PrincipalShare, what: string): Problem {
  return tooMuch(`${name} has ${what} at this gateway, and no more may one principal have`);
}

function tooManyBytesOfOne(own: PrincipalShare): Problem {
  return tooMuchOfOne(own, 'as much memory for bodies');
}

function tooManyBytes(): Problem {
  return tooMuch('The bodies of the requests at this gateway take as much memory as they may');
}

function answersNotTaken(): Problem {
  return tooMuch('Clients take their answers from this gateway slower than they ask for more');
}

function tooMuch(what: string): Problem {
  return new Problem('rate-limited', `${what}; nothing was changed. Try again later, or at another gateway.`);
}
