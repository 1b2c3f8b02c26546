/**
 * Reads the files with the secrets and certificates for the ensemble, and sees that they can be used, before anything
 * is connected. No secret is ever part of a message.
 */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { type EnsembleAccess, type EnsembleTlsFiles, parseCredentials } from './ensemble-access.ts';
import { ConfigurationError } from './environment.ts';

export interface EnsembleSecurity {
  /** `user:password` each. */
  readonly credentials: readonly string[];
  readonly tls?: {
    readonly checksHostNames: boolean;
    /** Reads the files again at each call; may throw. */
    readonly readMaterial: () => TlsMaterial;
  };
}

/** As PEM. */
interface TlsMaterial {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

const pemCertificate = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** @throws {ConfigurationError} naming everything that is wrong */
export function readEnsembleSecurity(access: EnsembleAccess): EnsembleSecurity {
  const problems: string[] = [];
  const credentials =
    attempt(problems, 'ZOOGATE_ZOOKEEPER_CREDENTIALS_FILE', () => readCredentials(access)) ?? [];
  const { tls } = access;
  if (tls !== undefined) examine(tls, problems);
  if (problems.length > 0) throw new ConfigurationError(problems);
  if (tls === undefined) return { credentials };
  return {
    credentials,
    tls: { checksHostNames: tls.checksHostNames, readMaterial: () => readMaterial(tls) },
  };
}

function readCredentials({ credentials, credentialsFile }: EnsembleAccess): readonly string[] {
  if (credentialsFile === undefined) return credentials;
  const parsed = parseCredentials(readFileSync(credentialsFile, 'utf8'));
  if ('problem' in parsed) throw new Error(parsed.problem);
  return parsed;
}

function readMaterial({ caFile, certificateFile, keyFile }: EnsembleTlsFiles): TlsMaterial {
  return {
    ...(caFile === undefined ? {} : { ca: readFileSync(caFile) }),
    ...(certificateFile === undefined ? {} : { cert: readFileSync(certificateFile) }),
    ...(keyFile === undefined ? {} : { key: readFileSync(keyFile) }),
  };
}

function examine({ caFile, certificateFile, keyFile }: EnsembleTlsFiles, problems: string[]): void {
  if (caFile !== undefined) {
    attempt(problems, 'ZOOGATE_ZOOKEEPER_TLS_CA_FILE', () =>
      demandCertificates(readFileSync(caFile, 'utf8')),
    );
  }
  if (certificateFile === undefined || keyFile === undefined) return;
  const cert = attempt(problems, 'ZOOGATE_ZOOKEEPER_TLS_CERTIFICATE_FILE', () => {
    const text = readFileSync(certificateFile, 'utf8');
    demandCertificates(text);
    return text;
  });
  attempt(problems, 'ZOOGATE_ZOOKEEPER_TLS_KEY_FILE', () => {
    const key = readFileSync(keyFile);
    // Without its certificate a key would do that does not go with it.
    if (cert !== undefined) createSecureContext({ cert, key });
  });
}

/** Node.js itself takes anything, and then trusts nobody. */
function demandCertificates(text: string): void {
  const certificates = text.match(pemCertificate) ?? [];
  if (certificates.length === 0) throw new Error('there is no certificate in it (expected PEM)');
  for (const certificate of certificates) new X509Certificate(certificate);
}

function attempt<Value>(problems: string[], name: string, read: () => Value): Value | undefined {
  try {
    return read();
  } catch (error) {
    problems.push(`${name}: ${error instanceof Error ? error.message : error}`);
    return undefined;
  }
}
