import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readEnsembleSecurity } from '../../../src/config/ensemble-security.ts';
import { CertificateAuthority, writeIdentity } from '../../support/certificates.ts';

const none = { credentials: [], credentialsFile: undefined, tls: undefined };
const noFiles = { checksHostNames: true, caFile: undefined, certificateFile: undefined, keyFile: undefined };
let directory: string;
let files: Awaited<ReturnType<typeof writeIdentity>>;
let otherKeyFile: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'zoogate-security-'));
  const authority = await CertificateAuthority.create('authority');
  files = await writeIdentity(directory, await authority.issue({ commonName: 'gateway' }), authority);
  otherKeyFile = join(directory, 'other-key.pem');
  await writeFile(otherKeyFile, (await authority.issue({ commonName: 'other' })).key);
});
afterAll(() => rm(directory, { recursive: true }));

async function file(name: string, text: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, text);
  return path;
}

describe('the security of the ensemble', () => {
  test('without any of it set is none', () => {
    expect(readEnsembleSecurity(none)).toEqual({ credentials: [] });
  });

  test('takes credentials from the environment, or from a file', async () => {
    expect(readEnsembleSecurity({ ...none, credentials: ['a:b'] }).credentials).toEqual(['a:b']);
    const credentialsFile = await file('credentials', 'a:new\na:old\n');
    expect(readEnsembleSecurity({ ...none, credentialsFile }).credentials).toEqual(['a:new', 'a:old']);
  });

  test('reads certificates and keys again each time', async () => {
    const caFile = await file('ca.pem', (await CertificateAuthority.create('one')).certificate);
    const { tls } = readEnsembleSecurity({ ...none, tls: { ...noFiles, caFile } });
    await writeFile(caFile, 'renewed');
    expect(tls?.readMaterial()).toEqual({ ca: Buffer.from('renewed') });
  });

  test('takes a certificate with its key', () => {
    const { certificateFile, keyFile, authorityFile } = files;
    const tls = { checksHostNames: false, caFile: authorityFile, certificateFile, keyFile };
    const security = readEnsembleSecurity({ ...none, tls });
    expect(security.tls?.checksHostNames).toBe(false);
    expect(Object.keys(security.tls?.readMaterial() ?? {})).toEqual(['ca', 'cert', 'key']);
  });

  test('names every file that cannot be used, and tells no secret', async () => {
    const credentialsFile = await file('wrong', 'hush');
    const caFile = await file('empty.pem', 'no certificate');
    const certificateFile = join(directory, 'missing.pem');
    const wrong = {
      credentials: [],
      credentialsFile,
      tls: { ...noFiles, caFile, certificateFile, keyFile: files.keyFile },
    };
    const message = problemOf(() => readEnsembleSecurity(wrong));
    expect(message).toContain('ZOOGATE_ZOOKEEPER_CREDENTIALS_FILE: expected user:password');
    expect(message).toContain('ZOOGATE_ZOOKEEPER_TLS_CA_FILE: there is no certificate in it');
    expect(message).toContain('ZOOGATE_ZOOKEEPER_TLS_CERTIFICATE_FILE: ENOENT');
    expect(message).not.toContain('hush');
  });

  test('refuses a key that is not that of the certificate, and what only looks like a certificate', async () => {
    const { certificateFile } = files;
    const foreign = { ...noFiles, certificateFile, keyFile: otherKeyFile };
    expect(problemOf(() => readEnsembleSecurity({ ...none, tls: foreign }))).toContain('TLS_KEY_FILE: ');
    const caFile = await file('fake.pem', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
    expect(problemOf(() => readEnsembleSecurity({ ...none, tls: { ...noFiles, caFile } }))).toContain(
      'TLS_CA_FILE: ',
    );
  });
});

function problemOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return (error as Error).message;
  }
  return 'nothing was wrong';
}
