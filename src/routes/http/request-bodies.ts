/**
 * Reads request bodies, bounded, and turns them into what an operation wants.
 *
 * Guarantees: no more than the limit is ever held in memory; JSON is valid UTF-8 before it is parsed; an operation
 * without a body refuses one, so that fields sent there are not silently ignored.
 */
import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { z } from 'zod';
import type { ZodOpenApiRequestBodyObject } from 'zod-openapi';
import { hasBody } from './early-answers.ts';
import type { RequestShare } from './edge-load.ts';
import { type JsonBounds, type JsonVerdict, judgeJson } from './json-check.ts';
import { mediaTypeOf } from './media-types.ts';
import { invalidField, Problem } from './problems.ts';
import { TextBytes } from './text-bytes.ts';
import { checked } from './validation.ts';

/**
 * More than any body here needs that carries no messages: a list of 1000 receipts, a filter of 32 lists of 64 texts.
 * Somewhat more, so that who sends 1001 receipts is told which list is too long.
 */
const BODY_BOUNDS: JsonBounds = { valuesMax: 5_000, depthMax: 16 };

/** How an operation reads its body. */
export interface BodyReader<Body> {
  /** Of the body of a request with these headers. */
  limitBytes(headers: IncomingHttpHeaders): number;
  readonly openapi?: ZodOpenApiRequestBodyObject;
  /** Throws Problem 'unsupported-media-type', before anything is read of a body that is not empty. */
  requireType?(contentType: string | undefined): void;
  read(bytes: Buffer, contentType: string | undefined): Body;
}

/** Some clients always send `{}`; nothing with content fits. */
const NO_BODY_LIMIT_BYTES = 16 * 1024;

const NOTHING: BodyReader<undefined> = {
  limitBytes: () => NO_BODY_LIMIT_BYTES,
  requireType: (contentType) => requireMediaType(contentType, ['application/json']),
  read(bytes, contentType) {
    if (bytes.length === 0) {
      return undefined;
    }
    requireMediaType(contentType, ['application/json']);
    const value = parseJson(bytes);
    if (typeof value !== 'object' || value === null || Object.keys(value).length > 0) {
      throw invalidField('', 'must be empty: this operation takes no body');
    }
    return undefined;
  },
};

/** For operations that take no body. */
export function noBody(): BodyReader<undefined> {
  return NOTHING;
}

/** A JSON body; an empty one counts as `{}` when it is optional. */
export function jsonBody<Schema extends z.ZodType>(
  schema: Schema,
  options: {
    readonly limitBytes: number;
    readonly mediaTypes?: readonly string[];
    readonly optional?: boolean;
    readonly example: unknown;
    readonly description: string;
  },
): BodyReader<z.output<Schema>> {
  const mediaTypes = options.mediaTypes ?? ['application/json'];
  return {
    limitBytes: () => options.limitBytes,
    openapi: {
      description: options.description,
      required: options.optional !== true,
      content: Object.fromEntries(mediaTypes.map((type) => [type, { schema, example: options.example }])),
    },
    requireType: (contentType) => requireMediaType(contentType, mediaTypes),
    read(bytes, contentType) {
      if (bytes.length === 0) {
        if (options.optional !== true) {
          throw invalidField('', 'is required: send a JSON object');
        }
        return checked(schema, {});
      }
      requireMediaType(contentType, mediaTypes);
      return checked(schema, parseJson(bytes));
    },
  };
}

/** A JSON body that the operation takes as its text, because parsing it would lose what must be kept. */
export function jsonTextBody(limitBytes: number, openapi: ZodOpenApiRequestBodyObject): BodyReader<Buffer> {
  return {
    limitBytes: () => limitBytes,
    openapi,
    requireType: (contentType) => requireMediaType(contentType, ['application/json']),
    read(bytes, contentType) {
      if (bytes.length === 0) {
        throw invalidField('', 'is required: send a JSON object');
      }
      requireMediaType(contentType, ['application/json']);
      return bytes;
    },
  };
}

/** A body that the operation takes as bytes, of any content type. */
export function bytesBody(
  limitBytes: BodyReader<Buffer>['limitBytes'],
  openapi: ZodOpenApiRequestBodyObject,
): BodyReader<Buffer> {
  return { limitBytes, openapi, read: (bytes) => bytes };
}

/**
 * The value of a JSON text, judged before it costs anything.
 *
 * @throws Problem 'validation'
 */
export function parseJson(bytes: Buffer, bounds = BODY_BOUNDS): unknown {
  requireJson(bytes, bounds);
  return JSON.parse(bytes.toString());
}

/** Throws Problem 'validation' when the bytes are no JSON text, or one beyond the bounds. */
export function requireJson(bytes: Buffer, bounds: JsonBounds): void {
  if (!isUtf8(bytes)) {
    throw invalidField('', 'must be JSON in UTF-8');
  }
  requireValid(judgeJson(bytes, bounds), bounds);
}

/** Throws Problem 'validation' unless the verdict is that a text is JSON within these bounds. */
export function requireValid(verdict: JsonVerdict, bounds: JsonBounds): void {
  switch (verdict) {
    case 'valid':
      return;
    case 'invalid':
      throw invalidField('', 'must be one valid JSON value');
    case 'too-many':
      throw invalidField('', `must have at most ${bounds.valuesMax} values in all`);
    case 'too-deep':
      throw invalidField('', `must not be nested deeper than ${bounds.depthMax} levels`);
  }
}

function requireMediaType(contentType: string | undefined, accepted: readonly string[]): void {
  if (contentType === undefined || !accepted.includes(mediaTypeOf(contentType))) {
    throw new Problem('unsupported-media-type', `Send the body with Content-Type: ${accepted.join(' or ')}.`);
  }
}

const EMPTY = Buffer.alloc(0);

/** All bytes of the body, or a problem as soon as it is known to be larger than the limit, or than there is room for. */
export function readBytes(
  request: IncomingMessage,
  limitBytes: number,
  share: Pick<RequestShare, 'expectBody' | 'holdBody'>,
): Promise<Buffer> {
  const { headers } = request;
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding.toLowerCase() !== 'identity') {
    // Stored as they are, compressed bytes would reach consumers without a word about it.
    const refusal = new Problem('unsupported-media-type', 'Send the body without a Content-Encoding.', {
      headers: { 'accept-encoding': 'identity' },
    });
    return Promise.reject(refusal);
  }
  if (!hasBody(headers)) {
    return Promise.resolve(EMPTY);
  }
  const declaredBytes = Number(headers['content-length'] ?? 0);
  if (declaredBytes > limitBytes) {
    return Promise.reject(tooLarge(limitBytes));
  }
  if (request.destroyed) {
    return Promise.reject(cutOff());
  }
  try {
    share.expectBody(declaredBytes);
  } catch (error) {
    return Promise.reject(error);
  }
  return new Promise((resolve, reject) => {
    let receivedBytes = 0;
    let only: Buffer | undefined;
    let all: TextBytes | undefined;
    const onData = (chunk: Buffer): void => {
      receivedBytes += chunk.length;
      try {
        if (receivedBytes > limitBytes) throw tooLarge(limitBytes);
        share.holdBody(chunk.length);
        if (only === undefined) only = chunk;
        else {
          // Not kept as they are: each would take more than a hundred bytes, and may bring but one.
          all ??= joined(only);
          all.addBytes(chunk);
        }
      } catch (error) {
        request.off('data', onData);
        reject(error);
      }
    };
    const onEnd = (): void => {
      resolve(all?.bytes ?? only ?? EMPTY);
    };
    const onCutOff = (): void => {
      // Comes after the end as well, when there is nothing to be said any more.
      if (!request.complete) reject(cutOff());
    };
    request.on('data', onData).on('end', onEnd).on('error', onCutOff).on('close', onCutOff);
  });
}

function joined(first: Buffer): TextBytes {
  const bytes = new TextBytes(2 * first.length);
  bytes.addBytes(first);
  return bytes;
}

function cutOff(): Problem {
  return invalidField('', 'was cut off before its end');
}

function tooLarge(limitBytes: number): Problem {
  return new Problem('payload-too-large', `The request body is larger than ${limitBytes} bytes.`);
}
