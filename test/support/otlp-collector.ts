/** A collector of traces: an HTTP server that takes OTLP as JSON, and shows the spans that it was sent. */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface CollectedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  /** 3 is CLIENT. */
  readonly kind: number;
  /** 2 is ERROR. */
  readonly status: { readonly code?: number; readonly message?: string };
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly links: readonly {
    readonly traceId: string;
    readonly spanId: string;
    readonly traceState?: string;
    readonly attributes: Readonly<Record<string, unknown>>;
  }[];
  /** Of the service that sent it. */
  readonly resource: Readonly<Record<string, unknown>>;
}

export interface OtlpCollector {
  readonly endpoint: string;
  readonly spans: readonly CollectedSpan[];
  /** Headers of the last request. */
  readonly headers: IncomingMessage['headers'];
  stop(): Promise<void>;
}

interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

type SentSpan = Omit<CollectedSpan, 'attributes' | 'links' | 'resource'> & {
  readonly attributes?: readonly Attribute[];
  readonly links?: readonly (Omit<CollectedSpan['links'][number], 'attributes'> & {
    readonly attributes?: readonly Attribute[];
  })[];
};

interface ExportRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly SentSpan[] }[];
  }[];
}

export async function startOtlpCollector(): Promise<OtlpCollector> {
  const spans: CollectedSpan[] = [];
  let headers: IncomingMessage['headers'] = {};
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (request.method !== 'POST' || request.url !== '/otlp/v1/traces') {
      response.writeHead(404).end();
      return;
    }
    headers = request.headers;
    spans.push(...spansOf(JSON.parse(Buffer.concat(chunks).toString()) as ExportRequest));
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}/otlp`,
    spans,
    get headers() {
      return headers;
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function spansOf({ resourceSpans }: ExportRequest): CollectedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map(({ attributes, links = [], ...span }) => ({
        ...span,
        attributes: valuesOf(attributes),
        links: links.map((link) => ({ ...link, attributes: valuesOf(link.attributes) })),
        resource: valuesOf(resource.attributes),
      })),
    ),
  );
}

function valuesOf(attributes: readonly Attribute[] = []): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}
