/**
 * The closed list of problems that a client can meet, and the one translation of every error into one of them.
 *
 * Guarantees: every answer that is not a success stands for a problem with a code of this list; of an unexpected error
 * the client learns only that there was one.
 */
import { BrokerError, type FieldError } from '../../queue/index.ts';

interface ProblemKind {
  readonly status: number;
  readonly title: string;
  readonly description: string;
  /** Seconds after which trying again makes sense. */
  readonly retryAfterSeconds?: number;
}

/** Every problem by its code. The OpenAPI document and the pages under /problems are made from this list. */
export const PROBLEMS = {
  validation: {
    status: 400,
    title: 'The request is not valid',
    description:
      'Something in the request breaks the contract. `errors` names each place and says what to do. Nothing was changed.',
  },
  unauthorized: {
    status: 401,
    title: 'Credentials are missing or not accepted',
    description:
      'Send `Authorization: Bearer` with a key or a token that is accepted here; `detail` says what is wrong. Nothing was changed.',
  },
  forbidden: {
    status: 403,
    title: 'These credentials do not allow this',
    description:
      'The credentials are valid, but do not cover this operation, or something that the request names. A gateway without authentication refuses what pages in browsers send. Nothing was changed.',
  },
  'not-found': {
    status: 404,
    title: 'No such resource',
    description: 'The path is unknown, or the queue, topic or subscription that it names does not exist.',
  },
  'method-not-allowed': {
    status: 405,
    title: 'The path does not support this method',
    description: 'The `Allow` header lists the methods that the path supports.',
  },
  'not-acceptable': {
    status: 406,
    title: 'No acceptable form of the answer',
    description:
      'The `Accept` header excludes every form that this operation can answer in, or that the message can be answered in. Nothing was changed.',
  },
  conflict: {
    status: 409,
    title: 'The request contradicts what is stored',
    description:
      'The name is taken for the other kind, or something that the request refers to does not exist or is in use. Nothing was changed.',
  },
  'transaction-aborted': {
    status: 409,
    title: 'The transaction was aborted',
    description: 'A receipt of the transaction is lost, invalid or already acked. Nothing was changed.',
  },
  'lease-lost': {
    status: 410,
    title: 'The lease is lost',
    description:
      'The lease ran out and the message was given to someone else, or it was returned, purged or sought away.',
  },
  'precondition-failed': {
    status: 412,
    title: 'A precondition does not hold',
    description:
      'If-Match or If-None-Match does not fit the stored configuration. Read it again. Nothing was changed.',
  },
  'payload-too-large': {
    status: 413,
    title: 'The request is too large',
    description: 'A message, the sum of the messages, or the body exceeds its limit. Nothing was changed.',
  },
  'uri-too-long': {
    status: 414,
    title: 'The path is too long',
    description:
      'The path and the query together are longer than a load balancer before the gateways takes; a gateway itself answers `headers-too-large`. Nothing was changed.',
  },
  'unsupported-media-type': {
    status: 415,
    title: 'This content type is not supported here',
    description: 'Send the body with a content type that the operation documents. Nothing was changed.',
  },
  'queue-full': {
    status: 429,
    title: 'The queue is full',
    description:
      'maxMessages or maxBytes is reached. Try again once messages have been taken. Nothing was changed.',
    retryAfterSeconds: 1,
  },
  'rate-limited': {
    status: 429,
    title: 'Too many requests',
    description:
      'This gateway has more work waiting than it accepts, or these credentials send more requests than they may. Nothing was changed.',
    retryAfterSeconds: 1,
  },
  'headers-too-large': {
    status: 431,
    title: 'The header fields are too large',
    description: 'The request line and the header fields together exceed 16 KiB. Nothing was changed.',
  },
  internal: {
    status: 500,
    title: 'A defect of the gateway',
    description: 'This is always a defect. Please report it with the X-Request-Id of the answer.',
  },
  'not-implemented': {
    status: 501,
    title: 'This way to send a request is not implemented',
    description: 'The body has a Transfer-Encoding other than `chunked`. Nothing was changed.',
  },
  unavailable: {
    status: 503,
    title: 'The ensemble cannot be reached',
    description: 'The gateway is draining, or cut off from its ensemble. Nothing was changed.',
    retryAfterSeconds: 1,
  },
  'outcome-unknown': {
    status: 504,
    title: 'It is unknown whether the request took effect',
    description:
      'The write was sent, and its outcome could not be learnt in time. It may or may not have taken effect; repeat it if that is safe.',
  },
  'store-full': {
    status: 507,
    title: 'The store is full',
    description: 'The data of the ensemble has reached its configured limit. Nothing was changed.',
    retryAfterSeconds: 10,
  },
} as const satisfies Record<string, ProblemKind>;

export type ProblemCode = keyof typeof PROBLEMS;

/** All codes, in the order of their status. */
export const PROBLEM_CODES = Object.keys(PROBLEMS) as readonly ProblemCode[];

/** What is known of the problem of this code. */
export function problemKind(code: ProblemCode): ProblemKind {
  return PROBLEMS[code];
}

/** More errors than this help nobody; the first ones are listed. */
export const ERRORS_LISTED_MAX = 20;

/** A problem on its way to the client. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: ProblemCode;
  readonly errors: readonly FieldError[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: ProblemCode,
    detail: string,
    options: ErrorOptions & {
      errors?: readonly FieldError[];
      headers?: Readonly<Record<string, string>>;
    } = {},
  ) {
    super(detail, options);
    this.code = code;
    this.errors = options.errors ?? [];
    this.headers = options.headers ?? {};
  }
}

/** A validation problem about one field. */
export function invalidField(path: string, message: string): Problem {
  return invalidFields([{ path, message }]);
}

/** A validation problem about several fields. */
export function invalidFields(errors: readonly FieldError[]): Problem {
  const first = errors[0];
  const summary = first === undefined ? 'The request is not valid.' : sentence(first);
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more, see errors)` : '';
  return new Problem('validation', summary + more, { errors });
}

function sentence(error: FieldError): string {
  return error.path === '' ? `The body ${error.message}` : `${error.path}: ${error.message}`;
}

/** Fastify's own refusals by their code; what is not here is a defect of ours. */
const FASTIFY_REFUSALS: ReadonlyMap<string, readonly [ProblemCode, string]> = new Map([
  [
    'FST_ERR_CTP_INVALID_MEDIA_TYPE',
    ['unsupported-media-type', 'Content-Type must be a media type such as application/json.'],
  ],
  ['FST_ERR_BAD_URL', ['validation', 'The path is not valid percent-encoded UTF-8.']],
  ['FST_ERR_MAX_PARAM_LENGTH', ['validation', 'A part of the path is too long.']],
]);

/** The problem that stands for any error at all. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) {
    return error;
  }
  if (error instanceof BrokerError) {
    return new Problem(error.code, error.message, { errors: error.errors, cause: error });
  }
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') {
    const refusal = FASTIFY_REFUSALS.get(error.code);
    if (refusal !== undefined) {
      return new Problem(refusal[0], refusal[1], { cause: error });
    }
  }
  return new Problem('internal', 'An unexpected error occurred; the log of the gateway has more.', {
    cause: error,
  });
}
