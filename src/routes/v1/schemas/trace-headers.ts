/** The headers of W3C Trace Context, where they travel with messages. */
import { z } from 'zod';

export const TRACE_HEADERS = {
  traceparent: z
    .string()
    .optional()
    .meta({
      description:
        'The place of the publisher in its trace (W3C Trace Context). It becomes the attribute `traceparent` of each message that has neither this attribute nor `tracestate`, and has room for it. One that is not valid is ignored.',
      examples: ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
    }),
  tracestate: z.string().optional().meta({
    description: 'Becomes the attribute `tracestate`, together with `traceparent`; at most 512 characters.',
  }),
};
