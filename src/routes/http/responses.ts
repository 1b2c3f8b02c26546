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
