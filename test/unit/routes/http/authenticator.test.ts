/** What is let in by rules that no route of its own shows: the metrics, which name queues. */
import type { FastifyRequest } from 'fastify';
import { describe, expect, test } from 'vitest';
import type { Principal } from '../../../../src/access/index.ts';
import { NO_RIGHTS } from '../../../../src/access/index.ts';
import { type Access, requireAccess } from '../../../../src/routes/http/access.ts';
import {
  type AccessRules,
  Authenticator,
  LOOPBACK_RULES,
} from '../../../../src/routes/http/authenticator.ts';

const METRICS: Access<object> = { kind: 'metrics' };

async function statusOf(rules: Partial<AccessRules>, authorization?: string): Promise<string> {
  const authenticator = new Authenticator({ ...LOOPBACK_RULES, ...rules }, () => 0);
  const request = { raw: { headers: { authorization } }, method: 'GET' } as unknown as FastifyRequest;
  try {
    requireAccess(METRICS, await authenticator.admit(request, METRICS), {});
    return 'allowed';
  } catch (error) {
    return (error as { code: string }).code;
  }
}

function authenticating(metrics: boolean): Partial<AccessRules> {
  const principal: Principal = { name: 'p', rights: { ...NO_RIGHTS, metrics } };
  return { authentication: { authenticate: () => principal, close() {} } };
}

describe('the metrics', () => {
  test('need the right of their own where there is authentication', async () => {
    expect(await statusOf(authenticating(true))).toBe('allowed');
    expect(await statusOf(authenticating(false))).toBe('forbidden');
  });

  test('are for everybody where that is configured, and where everybody may do everything', async () => {
    expect(await statusOf({ ...authenticating(false), publicMetrics: true })).toBe('allowed');
    expect(await statusOf({})).toBe('allowed');
  });
});
