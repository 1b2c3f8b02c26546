/**
 * Writes openapi/openapi.json from the operations. A test fails when the committed copy is stale.
 */
import { writeFileSync } from 'node:fs';
import type { Broker } from '../src/queue/index.ts';
import { EDGE_LIMITS, EdgeLoad } from '../src/routes/http/edge-load.ts';
import { STREAM_LIMITS } from '../src/routes/http/event-stream.ts';
import { apiOf } from '../src/routes/index.ts';
import { readVersion } from '../src/version.ts';

const { documentText } = apiOf({
  // Describing the operations calls none of them.
  broker: {} as Broker,
  limits: { maxMessageBytes: 0 },
  log: { warn: () => undefined },
  streaming: STREAM_LIMITS,
  load: new EdgeLoad(EDGE_LIMITS),
  version: readVersion(),
  metricsText: async () => '',
  closing: new AbortController().signal,
});
writeFileSync(new URL('../openapi/openapi.json', import.meta.url), documentText);
