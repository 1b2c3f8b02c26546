/** All peers, in the order of the tables. */
import type { Peer } from '../peer.ts';
import { bare, naive, zooKeeperWrites } from './stand-ins.ts';
import { zoogate } from './zoogate.ts';

export const peers: readonly Peer[] = [zoogate, bare, zooKeeperWrites, naive];
