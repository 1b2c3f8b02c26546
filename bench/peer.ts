/** What is measured: something with servers that are started, and a client for the load generator. */
import type { Endpoint, Job } from './job.ts';

export interface PeerPlace {
  /** An empty directory of its own. */
  readonly directory: string;
  /** Of the ZooKeeper server that all who need one share. */
  zooKeeper(): Promise<string>;
  /** Where processor profiles are to be written. */
  readonly profiles?: string;
}

export interface StoreCounts {
  readonly reads: number;
  readonly writes: number;
  readonly conflicts: number;
  readonly bytesWritten: number;
}

export interface RunningPeer {
  readonly version: string;
  /**
   * Makes so many servers run, and tells where they are. Peers that have one server only take no notice.
   *
   * @param farMs by how long the last of them gets late what ZooKeeper says
   */
  scale(servers: number, farMs?: number): Promise<Endpoint>;
  /** Process ids by what they are. */
  processes(): Promise<Readonly<Record<string, number>>>;
  /** What each server has asked of ZooKeeper so far. */
  counters?(): Promise<readonly StoreCounts[]>;
  /**
   * A load generator of its own, where the client is not written in TypeScript: program and options. It writes the
   * messages of `bench/load/main.ts` to its output, one a line.
   */
  loadCommand?(job: Job): readonly string[];
  /** Frees the servers that `scale` may have started. */
  stop(): Promise<void>;
}

export interface Peer {
  readonly name: string;
  readonly title: string;
  /** How it is set up, for the page: above all when a write is on disk. */
  readonly settings: string;
  /** Name of the client in `bench/clients/index.ts`. */
  readonly client: string;
  readonly canAckWithReceive: boolean;
  readonly usesZooKeeper: boolean;
  /** It runs as many servers as a workload asks for. */
  readonly hasGateways?: boolean;
  /** What is to be installed for it: Debian's packages, and a program or file each that shows that it is there. */
  readonly needs: readonly Need[];
  readonly isInQuickSet: boolean;
  /** Names of those that it can or should take part in; all when left out. */
  readonly workloads?: readonly string[];
  start(place: PeerPlace): Promise<RunningPeer>;
}

export interface Need {
  readonly debianPackage: string;
  /** A program on the PATH, or an absolute path. */
  readonly file: string;
}
