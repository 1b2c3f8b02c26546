/**
 * Pieces of OpenAPI responses that several operations share.
 */
import type { z } from 'zod';
import type { oas31, ZodOpenApiResponseObject } from 'zod-openapi';

type Headers = oas31.HeadersObject;

export const ETAG_HEADER: Headers = {
  ETag: {
    description: 'The revision of the configuration, for If-Match.',
    required: true,
    schema: { type: 'string', examples: ['"3f"'] },
  },
};

/** A success with a JSON body. */
export function jsonResponse(
  description: string,
  schema: z.ZodType,
  example: unknown,
  headers: Headers = {},
): ZodOpenApiResponseObject {
  return { description, content: { 'application/json': { schema, example } }, headers };
}

/** A success without a body. */
export function emptyResponse(description: string): ZodOpenApiResponseObject {
  return { description };
}

export const EXAMPLE_RECEIPT = 'AAAAAQAAAAAAAAAqAAAAAAAAAAc';

export const EXAMPLE_MESSAGE = {
  id: '0-42',
  body: { order: 4711 },
  contentType: 'application/json',
  attributes: { kind: 'created' },
  priority: 0,
  publishedAt: '2030-01-31T12:00:00.000Z',
};

export const EXAMPLE_RECEIVED = {
  ...EXAMPLE_MESSAGE,
  receipt: EXAMPLE_RECEIPT,
  deliveries: 1,
  leaseExpiresAt: '2030-01-31T12:00:30.000Z',
  fencingToken: '4294967338',
};
