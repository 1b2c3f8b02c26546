/**
 * Why a connection to a server did not come about, in words for the operator.
 *
 * Told by the codes of Node.js, which are part of its interface ("X509 certificate error codes", `ERR_TLS_…`,
 * `ERR_SSL_…`). The messages of OpenSSL change with its versions, and which alert a server sends with those of Java.
 */

/** What Node.js and OpenSSL add to an Error; none of it is there for certain. */
interface ConnectionError extends Error {
  readonly code?: string;
  /** OpenSSL's own words, without places in its source. */
  readonly reason?: string;
}

const NOT_TRUSTED =
  'its certificate was issued by nobody whom this gateway trusts (ZOOGATE_ZOOKEEPER_TLS_CA_FILE)';
const NOT_TLS = 'the server does not speak TLS at this port';

const MEANINGS: ReadonlyMap<string, string> = new Map([
  ['UNABLE_TO_GET_ISSUER_CERT', NOT_TRUSTED],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', NOT_TRUSTED],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', NOT_TRUSTED],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', NOT_TRUSTED],
  ['SELF_SIGNED_CERT_IN_CHAIN', NOT_TRUSTED],
  ['CERT_SIGNATURE_FAILURE', NOT_TRUSTED],
  ['CERT_UNTRUSTED', NOT_TRUSTED],
  ['CERT_HAS_EXPIRED', 'its certificate has expired'],
  ['CERT_NOT_YET_VALID', 'its certificate is not valid yet'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'its certificate is for another host'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', NOT_TLS],
  ['ERR_SSL_PACKET_LENGTH_TOO_LONG', NOT_TLS],
]);

/**
 * The alerts by which a server refuses a client's certificate, or the lack of one (RFC 8446, section 6.2; RFC 5246,
 * section 7.2). Which of them a server without one sends differs: certificate_required by the book, handshake_failure
 * and bad_certificate from versions of Java, others from what stands before a server. handshake_failure can also mean
 * that the two have no cipher in common.
 */
const ALERTS_ABOUT_OUR_CERTIFICATE: ReadonlySet<string> = new Set([
  'HANDSHAKE_FAILURE', // 40
  'NO_CERTIFICATE', // 41
  'BAD_CERTIFICATE', // 42
  'UNSUPPORTED_CERTIFICATE', // 43
  'CERTIFICATE_REVOKED', // 44
  'CERTIFICATE_EXPIRED', // 45
  'CERTIFICATE_UNKNOWN', // 46
  'UNKNOWN_CA', // 48
  'ACCESS_DENIED', // 49
  'CERTIFICATE_REQUIRED', // 116
]);

const ASKS_FOR_CERTIFICATE =
  'the server may ask for a certificate, or refuse the one that it was shown (ZOOGATE_ZOOKEEPER_TLS_CERTIFICATE_FILE)';

/** The reason in the operator's log: one line, and the same one each time that the same goes wrong. */
export function connectionFailure(error: ConnectionError): string {
  const said = (error.reason ?? error.message).trim();
  const meaning = meaningOf(error.code ?? '');
  return meaning === undefined ? said : `${meaning}: ${said}`;
}

function meaningOf(code: string): string | undefined {
  // As in ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED; what stands before the alert's name differs between versions.
  const alert = /^ERR_SSL_.*ALERT_(\w+)$/.exec(code)?.[1];
  if (alert !== undefined && ALERTS_ABOUT_OUR_CERTIFICATE.has(alert)) return ASKS_FOR_CERTIFICATE;
  return MEANINGS.get(code);
}
