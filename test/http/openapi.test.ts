import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problem } from '../../src/routes/http/problem-schema.ts';
import { PROBLEM_CODES, PROBLEMS } from '../../src/routes/http/problems.ts';
import {
  outcomeList,
  peekedList,
  publishedList,
  receivedList,
  resource,
  resourceList,
} from '../../src/routes/v1/schemas/answers.ts';
import { queueConfigs } from '../../src/routes/v1/schemas/configs.ts';
import { startTestGateways, type TestGateways } from '../support/http-app.ts';

interface Response {
  readonly $ref?: string;
  readonly description?: string;
  readonly headers?: object;
  readonly content?: Record<string, { examples?: Record<string, unknown> }>;
}

interface HeaderSchema {
  readonly type?: string;
  readonly const?: unknown;
  readonly format?: string;
  readonly minLength?: number;
  readonly pattern?: string;
}

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly tags: string[];
  readonly responses: Record<string, Response>;
  readonly parameters?: {
    readonly in: string;
    readonly name: string;
    readonly schema?: HeaderSchema;
  }[];
  readonly requestBody?: { readonly content: Record<string, { schema?: { $ref?: string } }> };
}

interface Document {
  readonly openapi: string;
  readonly tags: { name: string }[];
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: {
    schemas: Record<string, { type?: string; properties: { code: { enum: string[] } } }>;
    responses: Record<string, Response>;
  };
}

let gateways: TestGateways;
let document: Document;
let operations: Operation[];
beforeAll(async () => {
  gateways = await startTestGateways();
  document = (await gateways.api.get('/openapi.json').expect(200)).body;
  operations = Object.values(document.paths).flatMap((path) => Object.values(path));
});
afterAll(() => gateways.stop());

describe('the OpenAPI document', () => {
  it('is the committed one; otherwise run npm run openapi', () => {
    const committed = readFileSync(new URL('../../openapi/openapi.json', import.meta.url), 'utf8');
    expect(JSON.parse(committed)).toEqual(document);
  });

  it('describes every operation with an id of its own, a tag, a summary and a description', () => {
    expect(document.openapi).toBe('3.1.0');
    const ids = operations.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    const tags = document.tags.map(({ name }) => name);
    for (const { operationId, summary, description, tags: own } of operations) {
      expect(operationId).toMatch(/^[a-z][A-Za-z]+$/);
      expect(summary.length).toBeGreaterThan(5);
      expect(description.length).toBeGreaterThan(20);
      expect(own.every((tag) => tags.includes(tag))).toBe(true);
    }
  });

  it('has nothing that undoes generators of clients: several kinds of JSON in an answer, a list as a request', () => {
    for (const { operationId, responses, requestBody } of operations) {
      for (const { content = {} } of Object.values(responses)) {
        const kinds = Object.keys(content).filter((type) => type.includes('json'));
        expect(kinds.length, operationId).toBeLessThanOrEqual(1);
      }
      for (const [type, { schema }] of Object.entries(requestBody?.content ?? {})) {
        const name = schema?.$ref?.split('/').at(-1) ?? '';
        expect(document.components.schemas[name]?.type ?? 'none', `${operationId} ${type}`).not.toBe('array');
      }
    }
  });

  it('has nothing but plain strings in the headers of requests, or the Python client lacks the operation', () => {
    const headers = operations.flatMap(({ parameters = [] }) =>
      parameters.filter((it) => it.in === 'header'),
    );
    expect(headers.length).toBeGreaterThan(5);
    for (const { name, schema } of headers) {
      expect([name, schema?.type, schema?.const]).toEqual([name, 'string', undefined]);
      expect(['date-time', 'date', 'uuid']).not.toContain(schema?.format);
    }
  });

  it('says of entity tags what the gateway takes for some, and that they are never empty', async () => {
    const { put, patch, get, delete: remove } = document.paths['/v1/queues/{queue}'] ?? {};
    const path = await gateways.createQueue();
    const requests = { put, patch, get, delete: remove };
    for (const [method, operation] of Object.entries(requests)) {
      const headers = operation?.parameters?.filter(({ name }) => /^If-(?:None-)?Match$/.test(name)) ?? [];
      expect(headers.length, method).toBeGreaterThan(0);
      for (const { name, schema = {} } of headers) {
        expect(schema.minLength, `${method} ${name}`).toBe(1);
        for (const value of ['', ',', 'a', '"a', '*, "a"', 'W/"a"', '"a", "b"', '"a,b"', '""', '*']) {
          const request = gateways.api[method as 'put'](path).set(name, value);
          const { status } = await (method === 'patch' ? request.send({}) : request);
          const isDocumented = new RegExp(schema.pattern ?? '').test(value);
          expect(status !== 400, `${method} ${name}: ${value}`).toBe(isDocumented);
        }
      }
    }
  });

  it('lists exactly the problems of the closed list', () => {
    expect(document.components.schemas.Problem?.properties.code.enum).toEqual(PROBLEM_CODES);
  });

  it('gives every problem response the status and the code of the list, and Retry-After where it is due', () => {
    const documented = Object.values(document.components.responses);
    expect(documented.length).toBeGreaterThan(10);
    for (const operation of operations) {
      for (const [status, { $ref }] of Object.entries(operation.responses)) {
        if (Number(status) < 400) {
          continue;
        }
        const response = document.components.responses[$ref?.split('/').at(-1) ?? ''];
        const codes = Object.keys(response?.content?.['application/problem+json']?.examples ?? {});
        expect(codes.length).toBeGreaterThan(0);
        for (const code of codes) {
          expect(PROBLEMS[code as keyof typeof PROBLEMS]?.status).toBe(Number(status));
        }
        expect(Object.hasOwn(response?.headers ?? {}, 'Retry-After')).toBe(
          ['429', '503', '507'].includes(status),
        );
      }
    }
  });
});

describe('answers', () => {
  it('have the documented shapes', async () => {
    const { api } = gateways;
    const path = await gateways.createQueue();
    const messages = [{ body: 1, group: 'g', attributes: { a: 'b' } }, { bodyBase64: '/w==' }];
    publishedList.parse((await api.post(`${path}/messages`).send({ messages }).expect(201)).body);
    const received = (
      await api
        .post(`${path}/messages/receive`)
        .send({ ack: ['x'] })
        .expect(200)
    ).body;
    receivedList.parse(received);
    peekedList.parse((await api.get(`${path}/messages`).expect(200)).body);
    const receipts = [received.messages[0].receipt];
    outcomeList.parse((await api.post(`${path}/messages/nack`).send({ receipts }).expect(200)).body);
    const queue = resource('Queue', queueConfigs.output);
    queue.parse((await api.get(path).expect(200)).body);
    resourceList('Queue', 'queues', queue).parse((await api.get('/v1/queues?limit=1').expect(200)).body);
    problem.parse((await api.get('/v1/queues/nowhere').expect(404)).body);
    problem.parse((await api.get('/v1/queues?x=1').expect(400)).body);
  });
});
