/** Certificates for 127.0.0.1 that sign themselves, made by openssl, which ZooKeeper's own packages need as well. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

export interface CertificateFiles {
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** Makes a certificate and its key, and puts them into these files. */
export async function makeCertificate({ certificateFile, keyFile }: CertificateFiles): Promise<void> {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', keyFile];
  const subject = ['-subj', '/CN=zoogate-test', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '1'];
  await promisify(execFile)('openssl', ['req', '-x509', ...key, ...subject, '-out', certificateFile]);
}

/** The certificate as PEM, for those who trust it. */
export function certificateOf({ certificateFile }: CertificateFiles): Promise<string> {
  return readFile(certificateFile, 'utf8');
}
