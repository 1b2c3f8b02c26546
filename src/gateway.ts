/**
 * One gateway: the store, the broker on it, and the HTTP application on that, composed and listening. Knows nothing of
 * the process that it runs in, so several can live in one.
 */
import { randomUUID } from 'node:crypto';
import type { FastifyBaseLogger } from 'fastify';
import { buildApp } from './app.ts';
import { openAuditLog } from './audit/audit-log.ts';
import { ensembleWeaknesses } from './config/ensemble-access.ts';
import { readEnsembleSecurity } from './config/ensemble-security.ts';
import type { GatewayConfiguration } from './config/environment.ts';
import { createMetrics } from './metrics/index.ts';
import { createBroker } from './queue/broker.ts';
import type { Broker } from './queue/index.ts';
import { systemRandom, systemTimers } from './queue/runtime/system-runtime.ts';
import { openStore } from './queue/zookeeper/session.ts';
import type { StoreCounters } from './queue/zookeeper/store.ts';
import { type PrincipalLimits, principalLimits } from './routes/http/principal-shares.ts';
import { BODY_BYTES_MAX } from './routes/index.ts';
import { openListenerSecurity } from './server/listener-security.ts';
import type { Tracing } from './tracing/index.ts';
import { readVersion } from './version.ts';

/** A quarter of a small container's memory; what does not fit is read again. */
const ENTRY_CACHE_BYTES_MAX = 128 * 1024 * 1024;

/** What traces are left at the end get so long to be sent. */
const TRACES_FLUSH_MS = 2_000;

/** Connections that wait to be accepted: under load, one that does not fit gets no answer at all. */
const BACKLOG = 4096;

export interface Gateway {
  /** Where it listens, with the port that was picked. */
  readonly url: string;
  readonly broker: Broker;
  /** What it has asked of the ensemble so far; grows as one looks. */
  readonly storeCounters: Readonly<StoreCounters>;
  /** Turns readiness off and answers all waiting receives; everything else goes on. */
  drain(): void;
  /** Drains, lets what is in flight finish within the limit, and frees everything. May be called again. */
  close(limitMs: number): Promise<void>;
}

/**
 * Returns once it listens. The ensemble need not be there yet: the gateway is not ready until it is.
 * @throws when the address cannot be listened on, or a file that the configuration names cannot be used
 */
export async function startGateway(
  configuration: GatewayConfiguration,
  logger: FastifyBaseLogger,
): Promise<Gateway> {
  const { sessionTimeoutMs, requestTimeoutMs, maxMessageBytes, maxDataBytes } = configuration;
  const version = readVersion();
  const listenerSecurity = await openListenerSecurity(configuration, logger);
  const { zooKeeper, ensembleAccess } = configuration;
  for (const weakness of ensembleWeaknesses(ensembleAccess, zooKeeper)) logger.warn(weakness);
  const audit = openAuditLog(logger, configuration.auditFile);
  const tracing = await tracingOf(configuration, logger);
  const store = openStore({
    connectionString: zooKeeper,
    sessionTimeoutMs,
    requestTimeoutMs,
    logger,
    ...readEnsembleSecurity(ensembleAccess),
  });
  const broker = createBroker({
    store,
    timers: systemTimers,
    random: systemRandom,
    logger,
    requestTimeoutMs,
    entryCacheBytesMax: ENTRY_CACHE_BYTES_MAX,
    countedNamesMax: configuration.metricsNamesMax,
    loadLimits: {
      waitingReceivesMax: configuration.maxWaitingReceives,
      queuedBytesMax: configuration.maxQueuedBytes,
    },
    ...(maxDataBytes === undefined ? {} : { dataLimit: { bytesMax: maxDataBytes, meter: store } }),
  });
  const app = buildApp({
    broker: tracing?.trace(broker) ?? broker,
    logger,
    maxMessageBytes,
    audit,
    trustedProxies: configuration.trustedProxies,
    version,
    metrics: (http) => createMetrics({ broker, http, store, version, isOwnProcess: true }),
    load: {
      requestsMax: configuration.maxRequests,
      requestBytesMax: configuration.maxRequestBytes,
      answerBytesMax: configuration.maxAnswerBytes,
      ofPrincipal: limitsOfPrincipal(configuration),
    },
    access: listenerSecurity.access,
    ...(listenerSecurity.tls === undefined ? {} : { tls: listenerSecurity.tls }),
  });
  listenerSecurity.guard(app.server);

  let closing: Promise<void> | undefined;
  const close = async (limitMs: number): Promise<void> => {
    broker.drain();
    // A client that never finishes would hold `app.close()` up for ever.
    const timer = setTimeout(() => app.server.closeAllConnections(), limitMs);
    try {
      await app.close();
    } finally {
      clearTimeout(timer);
      await broker.close();
      await store.close();
      listenerSecurity.close();
      audit.close();
      await tracing?.close(TRACES_FLUSH_MS);
    }
  };
  const gateway: Omit<Gateway, 'url'> = {
    broker,
    storeCounters: store.counters,
    drain: () => broker.drain(),
    close: (limitMs) => {
      closing ??= close(limitMs);
      return closing;
    },
  };
  try {
    const { port } = configuration;
    // Of "localhost" Fastify makes two servers, of which the second would keep its first certificate.
    const host =
      listenerSecurity.tls !== undefined && configuration.host === 'localhost'
        ? '127.0.0.1'
        : configuration.host;
    const url = await app.listen({ host, port, backlog: BACKLOG });
    return { ...gateway, url };
  } catch (error) {
    await gateway.close(0);
    throw error;
  }
}

function limitsOfPrincipal({ access, ...ofGateway }: GatewayConfiguration): PrincipalLimits | undefined {
  const { principalPercent } = access;
  if (principalPercent === undefined) return undefined;
  const { maxRequests, maxWaitingReceives, maxRequestBytes } = ofGateway;
  return principalLimits(
    { requestsMax: maxRequests, waitingReceivesMax: maxWaitingReceives, requestBytesMax: maxRequestBytes },
    principalPercent,
    BODY_BYTES_MAX,
  );
}

/** What it takes to trace is loaded only where that is wanted. */
async function tracingOf(
  { otlpEndpoint }: GatewayConfiguration,
  logger: FastifyBaseLogger,
): Promise<Tracing | undefined> {
  if (otlpEndpoint === undefined) return undefined;
  const { startTracing } = await import('./tracing/index.ts');
  return startTracing({ endpoint: otlpEndpoint, instanceId: randomUUID(), logger });
}
