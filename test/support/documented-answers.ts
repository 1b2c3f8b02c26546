/**
 * Holds answers of a gateway against the committed OpenAPI document, as a client that was generated from it would
 * meet them: the status, the media type, the body and the headers must all be described there.
 */
import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';

/** A request, and what came back. */
export interface Exchange {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** As it came over the wire. */
  readonly text: string;
}

interface Header {
  readonly $ref?: string;
  readonly required?: boolean;
  readonly schema: { readonly type: string };
}

interface Response {
  readonly $ref?: string;
  readonly content?: Readonly<Record<string, object>>;
  readonly headers?: Readonly<Record<string, Header>>;
}

interface Documented {
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { readonly responses: Readonly<Record<string, Response>> }>>>
  >;
  readonly components: {
    readonly responses: Readonly<Record<string, Response>>;
    readonly headers: Readonly<Record<string, Header>>;
  };
}

/** Of HTTP itself, and for browsers, caches and proxies: not a client's business. */
const TRANSPORT_HEADERS = new Set([
  'cache-control',
  'connection',
  'content-length',
  'content-security-policy',
  'content-type',
  'date',
  // Of nginx, behind which the same holds.
  'server',
  'keep-alive',
  'transfer-encoding',
  'x-accel-buffering',
  'x-content-type-options',
]);

/** What no operation handles is refused like everything else. */
const UNHANDLED: Readonly<Record<string, Response>> = Object.fromEntries(
  ['400', '404', '405', '431', '501'].map((status) => [
    status,
    {
      content: { 'application/problem+json': {} },
      headers: {
        'X-Request-Id': { required: true, schema: { type: 'string' } },
        Allow: { required: status === '405', schema: { type: 'string' } },
      },
    },
  ]),
);
const OF_ANY_NAME = '-name';
/** Events are described together with all media types that have no description of their own. */
const SCHEMAS = new Map([
  ['application/problem+json', '#/components/schemas/Problem'],
  ['application/cloudevents+json', '#/components/schemas/CloudEvent'],
  ['application/cloudevents-batch+json', '#/components/schemas/ReceivedCloudEventBatch'],
]);

/** @throws Error saying what of the answer is not described */
export type AnswerCheck = (exchange: Exchange) => void;

/** Reads the document, once. */
export function documentedAnswers(): AnswerCheck {
  const text = readFileSync(new URL('../../openapi/openapi.json', import.meta.url), 'utf8');
  const document: Documented = JSON.parse(text);
  const validators = new Map<string, ValidateFunction>();
  const ajv = new Ajv2020({ strict: false, allErrors: true, coerceTypes: false });
  formats.default(ajv);
  // Descriptions of bytes and numbers rather than rules.
  for (const name of ['binary', 'base64']) ajv.addFormat(name, true);
  ajv.addSchema(document, 'api');
  const patterns = Object.entries(document.paths).map(([path, operations]) => ({
    path,
    operations,
    pattern: new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{[^}]+\}/g, '[^/]+')}$`),
  }));

  function requireValid(pointer: string, value: unknown): void {
    const validate = validators.get(pointer) ?? ajv.compile({ $ref: `api${pointer}` });
    validators.set(pointer, validate);
    if (!validate(value)) throw new Error(ajv.errorsText(validate.errors));
  }

  function requireHeaders(response: Response, pointer: string, headers: IncomingHttpHeaders): void {
    const described = new Map(
      Object.entries(response.headers ?? {}).map(([name, header]) => [name.toLowerCase(), { name, header }]),
    );
    for (const [lowerName, { name, header }] of described) {
      const { $ref } = header;
      const { required, schema } = document.components.headers[nameIn($ref)] ?? header;
      const value = headers[lowerName];
      if (value === undefined) {
        if (required === true) throw new Error(`the header ${name} is missing`);
        continue;
      }
      const at = $ref ?? `${pointer}/headers/${escaped(name)}`;
      if (pointer !== '') requireValid(`${at}/schema`, schema.type === 'integer' ? Number(value) : value);
    }
    // In the document a header …-NAME stands for all that begin so.
    const prefixes = [...described.keys()].filter((name) => name.endsWith(OF_ANY_NAME));
    const isKnown = (name: string): boolean =>
      TRANSPORT_HEADERS.has(name) ||
      described.has(name) ||
      prefixes.some((prefix) => name.startsWith(prefix.slice(0, -OF_ANY_NAME.length + 1)));
    const unknown = Object.keys(headers).filter((name) => !isKnown(name));
    if (unknown.length > 0) throw new Error(`the headers ${unknown.join(', ')} are not described`);
  }

  function requireBody(response: Response, pointer: string, { method, headers, text }: Exchange): void {
    const types = Object.keys(response.content ?? {});
    if (types.length === 0 || method === 'HEAD') {
      if (text !== '') throw new Error('a body is not described');
      return;
    }
    const mediaType = headers['content-type']?.split(';')[0] ?? '';
    // A message as bytes has a content type of its own, which may be that of our own answers.
    const isOurs = headers['zoogate-receipt'] === undefined && types.includes(mediaType);
    const type = isOurs ? mediaType : '*/*';
    if (!types.includes(type)) throw new Error(`the media type ${mediaType || 'none'} is not described`);
    const schema =
      SCHEMAS.get(mediaType) ?? (isOurs ? `${pointer}/content/${escaped(type)}/schema` : undefined);
    if (schema !== undefined && mediaType.endsWith('json')) requireValid(schema, JSON.parse(text));
  }

  return (exchange) => {
    const { method, path, status, headers } = exchange;
    const [bare = ''] = path.split('?');
    if (method === 'OPTIONS' || bare.startsWith('/docs')) return;
    const verb = method === 'HEAD' ? 'get' : method.toLowerCase();
    const matching = patterns.filter(({ pattern, operations }) => pattern.test(bare) && verb in operations);
    // A fixed word goes before a parameter: …/messages/ack is no receipt.
    const [found] = matching.sort((a, b) => a.path.split('{').length - b.path.split('{').length);
    const responses = found?.operations[verb]?.responses ?? UNHANDLED;
    try {
      const response = responses[String(status)];
      if (response === undefined) throw new Error('the status is not described');
      const { $ref } = response;
      const pointer =
        found === undefined ? '' : ($ref ?? `#/paths/${escaped(found.path)}/${verb}/responses/${status}`);
      const meant = document.components.responses[nameIn($ref)] ?? response;
      requireHeaders(meant, pointer, headers);
      requireBody(meant, pointer, exchange);
    } catch (error) {
      const reason = error instanceof Error ? error.message : error;
      throw new Error(`${method} ${path} was answered with ${status} otherwise than described: ${reason}`);
    }
  };
}

function nameIn(reference: string | undefined): string {
  return reference?.split('/').at(-1) ?? '';
}

/** A key as a part of a JSON pointer in a URI. */
function escaped(key: string): string {
  return encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'));
}
