/**
 * Certificates for tests of TLS: an authority of one's own, and what it issues. Made here, so that none lies in the
 * repository and expires there.
 */
import 'reflect-metadata';
import { randomUUID, type webcrypto } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const dayMs = 24 * 60 * 60 * 1000;

/** A certificate and its key, both as PEM. */
export interface Identity {
  readonly certificate: string;
  readonly key: string;
}

export interface IdentityOptions {
  readonly commonName: string;
  /** Host names and IP addresses that it is valid for; none for a client. */
  readonly hosts?: readonly string[];
  /** It has ended a day ago. */
  readonly isExpired?: boolean;
}

export class CertificateAuthority {
  /** As PEM: what those who trust it are given. */
  readonly certificate: string;
  readonly #issuer: x509.X509Certificate;
  readonly #keys: webcrypto.CryptoKeyPair;

  private constructor(issuer: x509.X509Certificate, keys: webcrypto.CryptoKeyPair) {
    this.certificate = issuer.toString('pem');
    this.#issuer = issuer;
    this.#keys = keys;
  }

  static async create(commonName: string): Promise<CertificateAuthority> {
    const keys = await newKeys();
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      name: `CN=${commonName}`,
      keys,
      signingAlgorithm: algorithm,
      ...validity(false),
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      ],
    });
    return new CertificateAuthority(certificate, keys);
  }

  async issue({ commonName, hosts = [], isExpired = false }: IdentityOptions): Promise<Identity> {
    const keys = await newKeys();
    const names = hosts.map(
      (host) => ({ type: /^[\d.]+$|:/.test(host) ? 'ip' : 'dns', value: host }) as const,
    );
    const certificate = await x509.X509CertificateGenerator.create({
      subject: `CN=${commonName}`,
      issuer: this.#issuer.subject,
      publicKey: keys.publicKey,
      signingKey: this.#keys.privateKey,
      signingAlgorithm: algorithm,
      ...validity(isExpired),
      extensions: [
        new x509.ExtendedKeyUsageExtension([
          x509.ExtendedKeyUsage.serverAuth,
          x509.ExtendedKeyUsage.clientAuth,
        ]),
        ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)]),
      ],
    });
    const key = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
    return { certificate: certificate.toString('pem'), key: x509.PemConverter.encode(key, 'PRIVATE KEY') };
  }
}

/** Writes an identity and the authority's certificate to files, as programs want them. */
export async function writeIdentity(
  directory: string,
  { certificate, key }: Identity,
  authority: CertificateAuthority,
): Promise<{ readonly certificateFile: string; readonly keyFile: string; readonly authorityFile: string }> {
  await mkdir(directory, { recursive: true });
  const certificateFile = join(directory, 'certificate.pem');
  const keyFile = join(directory, 'key.pem');
  const authorityFile = join(directory, 'authority.pem');
  await writeFile(certificateFile, certificate);
  await writeFile(keyFile, key, { mode: 0o600 });
  await writeFile(authorityFile, authority.certificate);
  return { certificateFile, keyFile, authorityFile };
}

export interface CertificateFiles {
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** Puts a certificate for 127.0.0.1 that signs itself, and its key, into these files. */
export async function makeCertificate({ certificateFile, keyFile }: CertificateFiles): Promise<void> {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    // Who trusts several of them finds the right one by its name.
    name: `CN=zoogate-test-${randomUUID()}`,
    keys,
    signingAlgorithm: algorithm,
    ...validity(false),
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }]),
    ],
  });
  const key = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
  await writeFile(keyFile, x509.PemConverter.encode(key, 'PRIVATE KEY'), { mode: 0o600 });
  await writeFile(certificateFile, `${certificate.toString('pem')}\n`);
}

/** The certificate as PEM, for those who trust it. */
export function certificateOf({ certificateFile }: CertificateFiles): Promise<string> {
  return readFile(certificateFile, 'utf8');
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

function validity(isExpired: boolean): { notBefore: Date; notAfter: Date } {
  const endMs = Date.now() + (isExpired ? -dayMs : 2 * dayMs);
  return { notBefore: new Date(endMs - 4 * dayMs), notAfter: new Date(endMs) };
}
