/**
 * How a gateway and the ensemble prove to each other who they are, as the variables say it: credentials that own what
 * is stored, and TLS with certificates of the servers and, where they ask for it, of the gateway. Pure: the files that
 * are named are read by `ensemble-security.ts`.
 */
import { parseConnectionString } from './connection-string.ts';

export interface EnsembleAccess {
  /** `user:password` each; none when they are in a file, or there are none. */
  readonly credentials: readonly string[];
  readonly credentialsFile: string | undefined;
  readonly tls: EnsembleTlsFiles | undefined;
}

export interface EnsembleTlsFiles {
  readonly checksHostNames: boolean;
  readonly caFile: string | undefined;
  readonly certificateFile: string | undefined;
  readonly keyFile: string | undefined;
}

type Given = Readonly<Record<string, string | undefined>>;

const prefix = 'ZOOGATE_ZOOKEEPER_';
const tlsSettings = ['TLS_CA_FILE', 'TLS_CERTIFICATE_FILE', 'TLS_KEY_FILE', 'TLS_CHECK_HOST_NAMES'];
const loopback = /^(?:localhost|127\.[\d.]+|::1)$/;
/** The first line owns what the gateway creates; the others are earlier passwords. See docs/deployment.md. */
const linesMax = 4;
/** Servers read them in whatever character set their machine has. */
const credentialsLine = /^[!-9;-~]{1,32}:[ -~]{1,256}$/;

/** The lines of `user:password`, or what is wrong with them, without telling any of it. */
export function parseCredentials(text: string): readonly string[] | { readonly problem: string } {
  const lines = text.split(/\r?\n/).filter((line) => line !== '');
  if (lines.length === 0) return { problem: 'expected user:password, got nothing' };
  if (lines.length > linesMax) return { problem: `expected at most ${linesMax} lines of user:password` };
  if (lines.every((line) => credentialsLine.test(line))) return lines;
  return {
    problem:
      'expected user:password in printable ASCII characters: at most 32 before the first colon, without a space, ' +
      'and at most 256 behind it',
  };
}

/** Of variables that are right by themselves: what is wrong about them together. */
export function ensembleProblems(given: Given): string[] {
  const problems: string[] = [];
  const has = (name: string) => given[prefix + name] !== undefined;
  if (has('CREDENTIALS') && has('CREDENTIALS_FILE')) {
    problems.push(`set ${prefix}CREDENTIALS or ${prefix}CREDENTIALS_FILE, not both`);
  }
  const isTls = given[`${prefix}TLS`] === 'true';
  for (const name of isTls ? [] : tlsSettings.filter(has)) {
    problems.push(`${prefix}${name} is set, but ${prefix}TLS is not true`);
  }
  if (has('TLS_CERTIFICATE_FILE') !== has('TLS_KEY_FILE')) {
    problems.push(`set both ${prefix}TLS_CERTIFICATE_FILE and ${prefix}TLS_KEY_FILE, or neither`);
  }
  if (isTls && given.ZOOGATE_ZOOKEEPER === undefined) {
    problems.push(
      `${prefix}TLS is true, but ZOOGATE_ZOOKEEPER is not set: the embedded server does not speak TLS`,
    );
  }
  return problems;
}

/** What an operator should know about an ensemble that others may reach. */
export function ensembleWeaknesses(
  { credentials, credentialsFile, tls }: EnsembleAccess,
  connectionString: string,
): string[] {
  const parsed = parseConnectionString(connectionString);
  const isLocal = 'servers' in parsed && parsed.servers.every(({ host }) => loopback.test(host));
  if (isLocal) return [];
  const weaknesses: string[] = [];
  if (credentials.length === 0 && credentialsFile === undefined) {
    weaknesses.push(
      `whoever connects to the ensemble can read and change all messages: ${prefix}CREDENTIALS is not set`,
    );
  }
  if (tls === undefined) {
    weaknesses.push(`what is sent to the ensemble is not encrypted: ${prefix}TLS is not true`);
  }
  return weaknesses;
}
