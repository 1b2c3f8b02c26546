/**
 * The one operating error of the broker, with a closed set of codes. Outcomes that a caller expects (nothing to
 * receive, a lost lease) are values; broken assumptions of our own are assertions; only what an operator or a client
 * must act on is a BrokerError. `routes/http/problems.ts` translates each code to its HTTP problem.
 */

export type BrokerErrorCode =
  /** The request contradicts itself or the stored state in a way that only its sender can mend. */
  | 'validation'
  | 'not-found'
  | 'conflict'
  /** A receipt of a transaction is lost, invalid or already acked; nothing was changed. */
  | 'transaction-aborted'
  | 'lease-lost'
  | 'precondition-failed'
  | 'payload-too-large'
  /** maxMessages or maxBytes is reached. */
  | 'queue-full'
  /** This gateway has more work waiting than it accepts. */
  | 'rate-limited'
  /** The ensemble cannot be reached; nothing was changed. */
  | 'unavailable'
  /** The write was sent and its outcome could not be learnt in time. */
  | 'outcome-unknown'
  /** The ensemble's data has reached its configured limit. */
  | 'store-full';

export interface FieldError {
  /** A JSON pointer-like path such as `messages.0.priority`. */
  readonly path: string;
  readonly message: string;
}

export class BrokerError extends Error {
  override readonly name = 'BrokerError';
  readonly code: BrokerErrorCode;
  readonly errors: readonly FieldError[];

  constructor(
    code: BrokerErrorCode,
    detail: string,
    options: ErrorOptions & { errors?: readonly FieldError[] } = {},
  ) {
    super(detail, options);
    this.code = code;
    this.errors = options.errors ?? [];
  }
}

/** What is still to be done, or read, after a change has taken effect: if that fails, not everything was done. */
export async function afterwards<Result>(rest: () => Promise<Result>): Promise<Result> {
  try {
    return await rest();
  } catch (error) {
    throw partlyDone(error);
  }
}

/** How a request fails of which another part has taken effect: 'unavailable' would say that nothing was changed. */
export function partlyDone(error: unknown): unknown {
  if (!(error instanceof BrokerError) || error.code !== 'unavailable') return error;
  const detail = 'A part of the request has taken effect; then ZooKeeper could no longer be reached.';
  return new BrokerError('outcome-unknown', detail, { cause: error });
}
