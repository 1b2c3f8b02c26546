/**
 * The audit log: one line for each attempt of a principal to manage a queue, a topic or a subscription, with who, what,
 * and how it ended. Part of the log, whatever is logged beside it, or a file of its own. Attempts without
 * valid credentials, which anybody could fill it with, are counted and summed up in the ordinary log.
 *
 * Guarantees: the line is written as the answer goes out, and also when the client has left; it has neither a
 * credential nor anything of a body in it.
 */
import type { FastifyBaseLogger } from 'fastify';
import { pino } from 'pino';
import type { ManagementAction, ProblemCode } from '../routes/index.ts';
import { UnauthenticatedAttempts } from './unauthenticated-attempts.ts';

/** What a line says. Fields are only ever added. */
export interface AuditEntry {
  /** A `put` that is refused is neither; `create` and `replace` are those that were done. */
  readonly action: 'create' | 'replace' | ManagementAction;
  readonly resource: 'queue' | 'topic' | 'subscription';
  readonly name: string;
  /** Of a subscription. */
  readonly topic?: string;
  /** Who asked for it; null when it was refused before that was known: such entries are only counted. */
  readonly principal: string | null;
  /** `ok`, or the code of the problem that was answered. */
  readonly outcome: 'ok' | ProblemCode;
  readonly status: number;
  readonly reqId: string;
  readonly remoteAddress: string;
}

export interface AuditLog {
  note(entry: AuditEntry): void;
  close(): void;
}

/** Others who collect logs may read it. */
const FILE_MODE = 0o640;

/**
 * @param logger takes the lines when there is no file, at every level but silence; and sums of unauthenticated attempts
 * @param file is appended to
 * @throws when the file cannot be opened
 */
export function openAuditLog(logger: FastifyBaseLogger, file: string | undefined): AuditLog {
  const lines = file === undefined ? linesOfLog(logger) : linesOfFile(logger, file);
  const unauthenticated = new UnauthenticatedAttempts(logger);
  return {
    note(entry) {
      if (entry.principal === null) unauthenticated.note(entry);
      else lines.write(entry);
    },
    close() {
      unauthenticated.close();
      lines.close();
    },
  };
}

interface Lines {
  write(entry: AuditEntry): void;
  close(): void;
}

function linesOfLog(logger: FastifyBaseLogger): Lines {
  const lines = logger.level === 'silent' ? logger : logger.child({ audit: true }, { level: 'info' });
  return { write: (entry) => lines.info(entry, 'audit'), close: () => {} };
}

function linesOfFile(logger: FastifyBaseLogger, file: string): Lines {
  // What has been answered must be in the file, whatever happens to the process next.
  const destination = pino.destination({ dest: file, append: true, sync: true, mode: FILE_MODE });
  destination.on('error', (err) => logger.error({ err }, 'the audit log cannot be written'));
  const lines = pino({ base: { audit: true }, timestamp: pino.stdTimeFunctions.isoTime }, destination);
  return { write: (entry) => lines.info(entry, 'audit'), close: () => destination.end() };
}

/** Longer ones are no names, and were refused. */
const NAME_CHARS_MAX = 128;

/** What was asked for, and by whom, and how it ended. Pure. */
export function auditEntry(
  action: ManagementAction,
  request: {
    readonly id: string;
    readonly remoteAddress: string;
    readonly params: unknown;
    readonly principal?: { readonly name: string } | undefined;
  },
  status: number,
  outcome: AuditEntry['outcome'],
): AuditEntry {
  return {
    action: action === 'put' && outcome === 'ok' ? (status === 201 ? 'create' : 'replace') : action,
    ...resourceOf(request.params as Readonly<Record<string, string>>),
    principal: request.principal?.name ?? null,
    outcome,
    status,
    reqId: request.id,
    remoteAddress: request.remoteAddress,
  };
}

function resourceOf({
  queue,
  topic = '',
  subscription,
}: Readonly<Record<string, string>>): Pick<AuditEntry, 'resource' | 'name' | 'topic'> {
  if (queue !== undefined) return { resource: 'queue', name: shortened(queue) };
  if (subscription === undefined) return { resource: 'topic', name: shortened(topic) };
  return { resource: 'subscription', name: shortened(subscription), topic: shortened(topic) };
}

function shortened(name: string): string {
  return name.slice(0, NAME_CHARS_MAX);
}
