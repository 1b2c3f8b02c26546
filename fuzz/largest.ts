/**
 * What no fuzzer makes of a document: bodies as large as each route takes them, of the shapes that cost most. Sent to
 * every route of the document, one behind the other.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { credentialLineFor } from '../test/support/credentials.ts';
import {
  BODY_SIZES,
  inTinyChunks,
  type LargestBody,
  largestJson,
  largestPublishes,
  largestTransactions,
} from '../test/support/largest-bodies.ts';
import { exchange, type RawAnswer, send } from '../test/support/raw-http.ts';

/** The names that the fuzzer uses most. */
const NAMES: Readonly<Record<string, string>> = {
  queue: 'orders',
  topic: 'events',
  subscription: 'all',
  receipt: 'x',
};
const RETRY_MS = 100;
const TINY_CHUNKS_BYTES = 1024 * 1024;

export interface Route {
  readonly method: string;
  readonly path: string;
  readonly contentTypes: readonly string[];
  /** Of its JSON body. */
  readonly fields: readonly string[];
}

interface Schema {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, unknown>>;
}

interface Document {
  readonly paths: Readonly<
    Record<
      string,
      Readonly<
        Record<string, { requestBody?: { content: Readonly<Record<string, { readonly schema: Schema }>> } }>
      >
    >
  >;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** Every operation of the document that is not a GET, with its names filled in. */
export function routesOf({ paths, components }: Document): Route[] {
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([method]) => method !== 'get')
      .map(([method, { requestBody }]) => {
        const content = requestBody?.content ?? {};
        const schema = content['application/json']?.schema ?? {};
        const named = components.schemas[schema.$ref?.split('/').at(-1) ?? ''] ?? schema;
        return {
          method: method.toUpperCase(),
          path: path.replaceAll(/\{(\w+)\}/g, (_, name: string) => NAMES[name] ?? 'x'),
          // Some take any type; to those without a body JSON is the one that they look into.
          contentTypes: Object.keys(content).length === 0 ? ['application/json'] : Object.keys(content),
          fields: Object.keys(named.properties ?? {}),
        };
      }),
  );
}

export interface Sent {
  readonly what: string;
  readonly bytes: number;
}

/**
 * Sends all of them once, or as many as there is time for.
 *
 * @param onSend told of each before it is sent
 * @returns what was answered in a way that it must not be
 */
export async function sendLargest(
  url: string,
  onSend: (sent: Sent) => void,
  signal: AbortSignal,
): Promise<string[]> {
  const document: Document = JSON.parse(
    readFileSync(new URL('../openapi/openapi.json', import.meta.url), 'utf8'),
  );
  const wrong: string[] = [];
  const post = async ({ method, path }: Route, contentType: string, { name, text }: LargestBody) => {
    const what = `${method} ${path} (${contentType}): ${name}, ${text.length} bytes`;
    onSend({ what, bytes: text.length });
    // Node's client would send the body of a DELETE without a word of its length.
    const headers = { 'content-type': contentType, 'content-length': String(Buffer.byteLength(text)) };
    try {
      const answer = await untilTaken(() => send(url, path, { method, headers, body: text }));
      if (answer.status >= 500 && answer.status !== 507) wrong.push(`${what}: ${answer.status}`);
      return answer.status;
    } catch (error) {
      wrong.push(`${what}: ${error instanceof Error ? error.message : error}`);
      return 0;
    }
  };
  for (const path of ['/v1/queues/orders', '/v1/topics/events', '/v1/topics/events/subscriptions/all']) {
    await send(url, path, { method: 'PUT' });
  }
  for (const route of routesOf(document)) {
    for (const contentType of route.contentTypes) {
      const bytes = await largestTaken((text) => post(route, contentType, text));
      for (const body of largestJson(bytes, route.fields.slice(0, 3))) {
        if (signal.aborted) return wrong;
        await post(route, contentType, body);
      }
    }
    const special = specialsOf(route);
    for (const body of special) if (!signal.aborted) await post(route, 'application/json', body);
  }
  onSend({ what: 'a body in chunks of a byte each', bytes: TINY_CHUNKS_BYTES });
  const head =
    'POST /v1/queues/orders/messages HTTP/1.1\r\nHost: fuzz\r\nConnection: close\r\nContent-Type: application/json\r\n';
  const answer = await exchange(
    url,
    `${head}${credentialLineFor(url)}Transfer-Encoding: chunked\r\n\r\n${inTinyChunks(TINY_CHUNKS_BYTES)}`,
  ).catch((error: unknown) => String(error));
  // It is no JSON, which shows once all of it has come.
  if (!/^HTTP\/1\.1 400 /.test(answer))
    wrong.push(`a body in chunks of a byte each: ${answer.slice(0, 200)}`);
  return wrong;
}

/** The largest size of a body that is not refused for it. */
async function largestTaken(statusOf: (body: LargestBody) => Promise<number>): Promise<number> {
  let taken: number = BODY_SIZES[0];
  for (const bytes of BODY_SIZES) {
    if ((await statusOf({ name: 'a text', text: `"${'x'.repeat(bytes - 2)}"` })) === 413) break;
    taken = bytes;
  }
  return taken;
}

function specialsOf({ path }: Route): Iterable<LargestBody> {
  if (path === '/v1/transactions') return largestTransactions('orders');
  return path === '/v1/queues/orders/messages' ? largestPublishes() : [];
}

/** What is full has room again soon. */
async function untilTaken(attempt: () => Promise<RawAnswer>): Promise<RawAnswer> {
  for (let attempts = 1; ; attempts += 1) {
    const answer = await attempt();
    if (answer.status !== 429 || attempts >= 3) return answer;
    await sleep(RETRY_MS);
  }
}
