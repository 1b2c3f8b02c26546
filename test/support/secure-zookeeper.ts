/** A real server with a secure client port, beside its plain one, and certificates for it and for its clients. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CertificateAuthority, writeIdentity } from './certificates.ts';
import { freePorts, startZooKeeper, type ZooKeeperServer } from './zookeeper-server.ts';

export interface SecureZooKeeper {
  readonly server: ZooKeeperServer;
  readonly securePort: number;
  /** Has issued the server's certificate, and is trusted by the server. */
  readonly authority: CertificateAuthority;
  /** Of the authority's certificate. */
  readonly authorityFile: string;
  /** For a client that the authority vouches for. */
  readonly certificateFile: string;
  readonly keyFile: string;
  stop(): Promise<void>;
}

export interface SecureZooKeeperOptions {
  /** Whether clients must show a certificate. */
  readonly clientAuth?: 'need' | 'none';
  /** Those that the server's certificate is for. */
  readonly hosts?: readonly string[];
  readonly isExpired?: boolean;
}

export async function startSecureZooKeeper(options: SecureZooKeeperOptions = {}): Promise<SecureZooKeeper> {
  const { clientAuth = 'none', hosts = ['localhost', '127.0.0.1'], isExpired = false } = options;
  const directory = await mkdtemp(join(tmpdir(), 'zoogate-certificates-'));
  const authority = await CertificateAuthority.create('authority of the ensemble');
  const identity = await authority.issue({ commonName: 'server', hosts, isExpired });
  const keyStore = join(directory, 'server.pem');
  await writeFile(keyStore, `${identity.key}\n${identity.certificate}\n`, { mode: 0o600 });
  const client = await authority.issue({ commonName: 'gateway' });
  const files = await writeIdentity(join(directory, 'client'), client, authority);
  const [securePort = 0] = await freePorts(1);
  const server = await startZooKeeper([
    'serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory',
    `secureClientPort=${securePort}`,
    'secureClientPortAddress=127.0.0.1',
    `ssl.keyStore.location=${keyStore}`,
    'ssl.keyStore.type=PEM',
    `ssl.trustStore.location=${files.authorityFile}`,
    'ssl.trustStore.type=PEM',
    `ssl.clientAuth=${clientAuth}`,
  ]);
  return {
    server,
    securePort,
    authority,
    ...files,
    stop: async () => {
      await server.stop();
      await rm(directory, { recursive: true });
    },
  };
}
