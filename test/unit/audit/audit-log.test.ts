/** Where the lines of the audit log go, and what they look like there. */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type AuditEntry, auditEntry, openAuditLog } from '../../../src/audit/audit-log.ts';
import { createLogger } from '../../../src/logging.ts';

const entry: AuditEntry = {
  action: 'create',
  resource: 'queue',
  name: 'orders',
  principal: 'ops',
  outcome: 'ok',
  status: 201,
  reqId: 'r1',
  remoteAddress: '192.0.2.1',
};
const asWritten = { audit: true, msg: 'audit', time: expect.stringMatching(/^\d{4}-.*Z$/), ...entry };

let lines: string[];
let directory: string;

beforeEach(() => {
  lines = [];
  directory = mkdtempSync(join(tmpdir(), 'zoogate-audit-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const loggerAt = (level: Parameters<typeof createLogger>[0]) =>
  createLogger(level, { write: (line) => void lines.push(line) });

describe('without a file', () => {
  test.each(['info', 'warn', 'fatal'] as const)('a line is part of the log at level %s', (level) => {
    openAuditLog(loggerAt(level), undefined).note(entry);
    expect(lines.map((line) => JSON.parse(line))).toEqual([expect.objectContaining(asWritten)]);
  });

  test('who wants silence has it', () => {
    openAuditLog(loggerAt('silent'), undefined).note(entry);
    expect(lines).toEqual([]);
  });
});

describe('with a file', () => {
  test('lines are appended to it at once, and to nothing else', () => {
    const file = join(directory, 'audit.log');
    for (const name of ['first', 'second']) {
      const audit = openAuditLog(loggerAt('info'), file);
      audit.note({ ...entry, name });
      expect(readFileSync(file, 'utf8')).toContain(name);
      audit.close();
    }
    const written = readFileSync(file, 'utf8').trimEnd().split('\n');
    expect(written.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ ...asWritten, name: 'first' }),
      expect.objectContaining({ ...asWritten, name: 'second' }),
    ]);
    expect(statSync(file).mode & 0o007).toBe(0);
    expect(lines).toEqual([]);
  });

  test('that cannot be opened it is not opened silently', () => {
    expect(() => openAuditLog(loggerAt('info'), join(directory, 'missing', 'audit.log'))).toThrow(/ENOENT/);
  });
});

test('an entry names the principal when there is one', () => {
  const request = {
    id: 'r',
    remoteAddress: '::1',
    params: { topic: 't', subscription: 's' },
    principal: { name: 'ops' },
  };
  expect(auditEntry('seek', request, 204, 'ok')).toEqual({
    action: 'seek',
    resource: 'subscription',
    topic: 't',
    name: 's',
    principal: 'ops',
    outcome: 'ok',
    status: 204,
    reqId: 'r',
    remoteAddress: '::1',
  });
});
