import { describe, expect, test } from 'vitest';
import { connectionFailure } from '../../../../src/queue/zookeeper/connection-failures.ts';

const withCode = (code: string, message = 'said', reason?: string) =>
  Object.assign(new Error(message), { code }, reason === undefined ? {} : { reason });

describe('why there is no connection', () => {
  // Named as by OpenSSL 1.1, 3.0 and 3.5.
  test.each([
    'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE',
    'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE',
    'ERR_SSL_SSLV3_ALERT_NO_CERTIFICATE',
    'ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE',
    'ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE',
    'ERR_SSL_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE',
    'ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED',
    'ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED',
    'ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN',
    'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA',
    'ERR_SSL_TLSV1_ALERT_ACCESS_DENIED',
    'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
  ])('%s: the server may ask for a certificate', (code) => {
    expect(connectionFailure(withCode(code))).toMatch(
      /^the server may ask for a certificate.*ZOOGATE_ZOOKEEPER_TLS_CERTIFICATE_FILE.*: said$/,
    );
  });

  test.each([
    'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
    'ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR',
    'ERR_SSL_SSLV3_ALERT_UNEXPECTED_MESSAGE',
    'ECONNRESET',
  ])('%s says nothing of certificates', (code) => {
    expect(connectionFailure(withCode(code))).toBe('said');
  });

  test.each([
    ['SELF_SIGNED_CERT_IN_CHAIN', 'ZOOGATE_ZOOKEEPER_TLS_CA_FILE'],
    ['CERT_HAS_EXPIRED', 'its certificate has expired'],
    ['CERT_NOT_YET_VALID', 'its certificate is not valid yet'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'its certificate is for another host'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'does not speak TLS'],
  ])('%s: what is wrong with the server', (code, words) => {
    expect(connectionFailure(withCode(code))).toContain(words);
  });

  test('is one line, without the places in the source of OpenSSL', () => {
    const message =
      '807C:error:0A000410:SSL routines:a_function:sslv3 alert x:../deps/a.c:1601:SSL alert number 1\n';
    expect(connectionFailure(withCode('ERR_SSL_X', message, 'sslv3 alert x'))).toBe('sslv3 alert x');
    expect(connectionFailure(new Error('the end\n'))).toBe('the end');
  });
});
