/** Ports for servers that cannot pick one themselves. */
import { freePorts } from '../test/support/zookeeper-server.ts';

export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  if (port === undefined) throw new Error('there is no free port');
  return port;
}
