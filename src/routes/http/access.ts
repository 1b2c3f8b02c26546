/**
 * What an operation needs its sender to be allowed, as a part of the operation's definition: one without it does not
 * compile. The decision is that of `src/access`; this is about which right and which name.
 */
import { isAllowed, mayMove, maySee, maySeeWithin, type Principal, type Right } from '../../access/index.ts';
import { Problem } from './problems.ts';

/** Pure: told by the path alone, before the body is read. */
export type Access<Params> =
  /** Answered without credentials: it says nothing about anybody's queues. */
  | { readonly kind: 'public' }
  /** The metrics, which name queues. */
  | { readonly kind: 'metrics' }
  /** Any credentials; none where the gateway listens on a loopback address. */
  | { readonly kind: 'version' }
  /** A right on what the path names. */
  | { readonly kind: 'right'; readonly right: Right; nameOf(params: Params): string }
  /** Any right on what the path names. */
  | { readonly kind: 'any'; nameOf(params: Params): string }
  /** Any right on the topic of the path or within it; the handler shows only what may be seen. */
  | { readonly kind: 'within'; topicOf(params: Params): string | undefined }
  /** Whatever the body names needs its rights: the handler asks for them. */
  | { readonly kind: 'body' };

export const PUBLIC: Access<unknown> = { kind: 'public' };

/** Throws Problem 'forbidden' when the path alone asks for more than the principal may do. */
export function requireAccess<Params>(access: Access<Params>, principal: Principal, params: Params): void {
  switch (access.kind) {
    case 'public':
    case 'version':
      return;
    case 'body':
      if (!mayMove(principal)) throw forbidden(principal, 'consume from or publish to anything');
      return;
    case 'metrics':
      if (!principal.rights.metrics) throw forbidden(principal, 'read the metrics');
      return;
    case 'right':
      requireRight(principal, access.right, access.nameOf(params));
      return;
    case 'any': {
      const name = access.nameOf(params);
      if (!maySee(principal, name)) throw forbidden(principal, `see ${name}`);
      return;
    }
    case 'within': {
      const topic = access.topicOf(params);
      if (topic !== undefined && !maySeeWithin(principal, topic)) throw forbidden(principal, `see ${topic}`);
      return;
    }
  }
}

const VERBS: Readonly<Record<Right, string>> = {
  publish: 'publish to',
  consume: 'consume from',
  manage: 'manage',
};

/** Throws Problem 'forbidden' when the principal does not have the right on this name. */
export function requireRight(principal: Principal, right: Right, name: string): void {
  if (!isAllowed(principal, right, name)) throw forbidden(principal, `${VERBS[right]} ${name}`);
}

function forbidden(principal: Principal, what: string): Problem {
  return new Problem('forbidden', `${principal.name} may not ${what}.`);
}

/** What the documentation of an operation says about it. */
export function accessSentence(access: Access<never>): string {
  switch (access.kind) {
    case 'public':
      return 'Needs no credentials.';
    case 'metrics':
      return 'Needs the right `metrics`, unless the gateway lets everybody read them.';
    case 'version':
      return 'Needs credentials, whatever their rights, unless the gateway listens on a loopback address.';
    case 'right':
      return `Needs the right \`${access.right}\`.`;
    case 'any':
      return 'Needs any right on it.';
    case 'within':
      return 'Shows what one has any right on.';
    case 'body':
      return 'Needs `consume` on what is acked from, and `publish` on what is published to.';
  }
}
