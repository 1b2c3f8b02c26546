/** A second protocol beside the native API: what it says for itself, and what it then shares with all others. */
import { readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { CredentialsError, NO_RIGHTS } from '../../src/access/index.ts';
import { type AppOptions, buildApp } from '../../src/app.ts';
import type { Broker } from '../../src/queue/index.ts';
import { LOOPBACK_RULES } from '../../src/routes/http/authenticator.ts';
import type { ErrorWriter } from '../../src/routes/http/error-answers.ts';
import type { HttpCounts } from '../../src/routes/http/http-counts.ts';
import { noQuery } from '../../src/routes/http/no-fields.ts';
import { operation } from '../../src/routes/http/operation.ts';
import { Problem } from '../../src/routes/http/problems.ts';
import { bytesBody } from '../../src/routes/http/request-bodies.ts';
import { DOORS, type Door } from '../../src/routes/index.ts';
import { exchange } from '../support/raw-http.ts';
import { waitUntil } from '../support/wait-until.ts';

/** An error that only this protocol has. */
class BrokenWire extends Problem {
  constructor() {
    super('unavailable', 'The wire is broken.');
  }
}

/** Two forms, told apart by the request, and codes and states of its own. */
const writeError: ErrorWriter = (problem, { id, headers }) => {
  const code = problem instanceof BrokenWire ? 'broken-wire' : problem.code;
  const status = problem.code === 'internal' ? 500 : 418;
  return headers['content-type'] === 'text/xml'
    ? {
        status,
        headers: { 'content-type': 'text/xml' },
        bytes: Buffer.from(`<Error id="${id}">${code}</Error>`),
      }
    : { status, headers: { 'content-type': 'text/plain' }, bytes: Buffer.from(`STOP ${code} STOP`) };
};

/** Its telegrams have ten bytes at most, and take as long as `send` does. */
function telegraph(send: () => Promise<void>): Door {
  const telegram = operation({
    ...{ method: 'POST', path: '/telegraph/{office}', id: 'telegram', tag: 'Telegraph' },
    ...{ summary: 'Send a telegram', description: 'To an office.' },
    access: { kind: 'right', right: 'publish', nameOf: ({ office }) => office },
    params: z.strictObject({ office: z.string() }),
    query: noQuery,
    body: bytesBody(() => 10, { content: {} }),
    responses: {},
    problems: [],
    produces: [],
    async handle() {
      await send();
      return { status: 204 };
    },
  });
  return { operations: () => [telegram], writeError, bodyBytesMax: 10, description: undefined };
}

const apps: FastifyInstance[] = [];
afterEach(async () => {
  for (const app of apps.splice(0)) {
    app.server.closeAllConnections();
    await app.close();
  }
});

async function listen(
  options: Omit<AppOptions, 'broker'> = {},
  send = async () => {},
  broker: Partial<Broker> = {},
): Promise<string> {
  const app = buildApp({ broker: broker as Broker, doors: [...DOORS, telegraph(send)], ...options });
  apps.push(app);
  return app.listen({ host: '127.0.0.1', port: 0 });
}

async function post(url: string, path = '/telegraph/kiel', headers = {}, body = 'come home') {
  const answer = await fetch(`${url}${path}`, { method: 'POST', headers, body });
  const type = answer.headers.get('content-type');
  return { status: answer.status, type, text: await answer.text(), id: answer.headers.get('x-request-id') };
}

const refused = (code: string, status = 418) => ({ status, type: 'text/plain', text: `STOP ${code} STOP` });

/** Whoever sends credentials has no rights. */
const guarded = {
  access: {
    ...LOOPBACK_RULES,
    authentication: {
      authenticate(authorization: string | undefined) {
        if (authorization !== undefined) return { name: 'guest', rights: NO_RIGHTS };
        throw new CredentialsError('unauthorized', 'Send some.', { werePresented: false });
      },
      close() {},
    },
  },
};

describe('the errors of a door', () => {
  it('have its form when credentials or rights are missing, and problems stay what they are elsewhere', async () => {
    const url = await listen(guarded);
    expect(await post(url)).toMatchObject(refused('unauthorized'));
    expect(await post(url, undefined, { authorization: 'x' })).toMatchObject(refused('forbidden'));
    const native = await post(url, '/v1/queues/q/messages');
    expect([native.status, native.type]).toEqual([401, 'application/problem+json']);
    expect(JSON.parse(native.text).code).toBe('unauthorized');
  });

  it('have its form when a body is too large, also before it has come', async () => {
    const url = await listen();
    expect(await post(url, undefined, {}, 'come home now')).toMatchObject(refused('payload-too-large'));
    const head = 'POST /telegraph/kiel HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\n';
    const early = await exchange(url, `${head}Content-Length: 11\r\n\r\n`);
    expect(early).toMatch(
      /^HTTP\/1\.1 418 [\s\S]*\r\ncontent-type: text\/plain\r\n[\s\S]*STOP payload-too-large STOP/i,
    );
  });

  it('may depend on the request', async () => {
    const url = await listen(guarded);
    const { type, text, id } = await post(url, undefined, { 'content-type': 'text/xml' });
    expect([type, text]).toEqual(['text/xml', `<Error id="${id}">unauthorized</Error>`]);
  });

  it('may be its own; what it did not expect is a defect like any other', async () => {
    const failures = [new BrokenWire(), new Error('secret')];
    const url = await listen({}, () => Promise.reject(failures.shift()));
    expect(await post(url)).toMatchObject(refused('broken-wire'));
    expect(await post(url)).toMatchObject(refused('internal', 500));
  });
});

describe('the limits of the gateway', () => {
  it('hold for a door, wherever its paths are', async () => {
    const waiting: (() => void)[] = [];
    let counted: HttpCounts | undefined;
    const options: Omit<AppOptions, 'broker'> = {
      load: { requestsMax: 1 },
      metrics({ counts }) {
        counted = counts;
        return async () => '';
      },
    };
    const url = await listen(options, () => new Promise((go) => waiting.push(go)));
    const first = post(url);
    await waitUntil(() => waiting.length === 1, 'one is under way');
    expect(await post(url)).toMatchObject(refused('rate-limited'));
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    waiting[0]?.();
    expect((await first).status).toBe(204);
    const counts = counted?.routes.find(({ path }) => path === '/telegraph/{office}');
    await waitUntil(() => counts?.byStatus.has(418) === true, 'the refusal is counted as it was answered');
  });

  it('hold for a door while the gateway is cut off', async () => {
    const url = await listen({}, undefined, { isCutOff: true });
    expect(await post(url)).toMatchObject(refused('unavailable'));
  });
});

describe('the OpenAPI document', () => {
  it('does not list a door that does not describe itself', async () => {
    const url = await listen();
    const document = await (await fetch(`${url}/openapi.json`)).text();
    expect(document).toBe(readFileSync('openapi/openapi.json', 'utf8'));
  });
});
