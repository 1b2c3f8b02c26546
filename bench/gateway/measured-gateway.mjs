/**
 * A gateway from dist, composed as `dist/main.js` does it, that tells its parent on request what it has asked of
 * ZooKeeper so far. No part of the API: nobody but a measurement needs it.
 */
const dist = new URL('../../dist/', import.meta.url);
const { startGateway } = await import(new URL('gateway.js', dist).href);
const { readGatewayConfiguration } = await import(new URL('config/environment.js', dist).href);
const { createLogger } = await import(new URL('logging.js', dist).href);

const configuration = readGatewayConfiguration(process.env);
const gateway = await startGateway(configuration, createLogger(configuration.logLevel));

const stop = async () => {
  gateway.drain();
  await gateway.close(1_000);
  // By itself, so that a profile is written.
  process.disconnect?.();
};
process.once('SIGTERM', stop);
process.once('disconnect', stop);
process.on('message', () => process.send?.({ counters: gateway.storeCounters }));
process.send?.({ listening: gateway.url });
