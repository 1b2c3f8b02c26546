/** Options of a store that speaks TLS, from the files that a gateway's variables name. */
import { readEnsembleSecurity } from '../../src/config/ensemble-security.ts';
import type { SecureZooKeeper } from './secure-zookeeper.ts';
import type { TestStoreOptions } from './test-store.ts';

export interface Files {
  readonly checksHostNames?: boolean;
  readonly caFile?: string;
  readonly certificateFile?: string;
  readonly keyFile?: string;
}

/** As a gateway makes it of its variables. */
export function tlsOf({ checksHostNames = true, caFile, certificateFile, keyFile }: Files): TestStoreOptions {
  const tls = { checksHostNames, caFile, certificateFile, keyFile };
  const { tls: read } = readEnsembleSecurity({ credentials: [], credentialsFile: undefined, tls });
  return read === undefined ? {} : { tls: read };
}

export const trusting = (ensemble: SecureZooKeeper): Files => ({ caFile: ensemble.authorityFile });
export const withCertificate = ({ authorityFile, certificateFile, keyFile }: SecureZooKeeper): Files => {
  return { caFile: authorityFile, certificateFile, keyFile };
};
