/**
 * What is refused of a request's head whatever its path, and the forms of a request's target (RFC 9112). Pure.
 */
import type { IncomingMessage } from 'node:http';
import { invalidField, Problem } from './problems.ts';

type Head = Pick<IncomingMessage, 'headers' | 'rawHeaders' | 'httpVersion'>;

/** A name or address with an optional port; nothing at all for a target without an authority. */
const HOST = /^(?:[\w.~!$&'()*+,;=%-]*|\[[\da-fv:.%\w-]+\])(?::\d*)?$/i;

/** What is wrong with a head that Node's parser has let pass. */
export function headProblem({ headers, rawHeaders, httpVersion }: Head): Problem | undefined {
  const { host, 'transfer-encoding': encoding } = headers;
  if (host === undefined) {
    if (httpVersion === '1.1') return invalidField('Host', 'is required by HTTP/1.1');
  } else if (isRepeated('host', rawHeaders)) {
    // A proxy may have gone by the other one.
    return invalidField('Host', 'is given more than once');
  } else if (!HOST.test(host)) {
    return invalidField('Host', 'must be a name or an address, and a port');
  }
  return encoding === undefined || encoding === 'chunked' ? undefined : codingProblem(encoding);
}

/** Without a chunked coding at its end the end of a body cannot be told (RFC 9112, section 6.3). */
function codingProblem(encoding: string): Problem | undefined {
  const codings = encoding.split(',').map((coding) => coding.trim().toLowerCase());
  if (codings.indexOf('chunked') !== codings.length - 1) {
    return invalidField('Transfer-Encoding', 'must be chunked, once and at its end');
  }
  if (codings.length === 1) return undefined;
  return new Problem('not-implemented', 'The only Transfer-Encoding here is chunked.');
}

function isRepeated(name: string, rawHeaders: readonly string[]): boolean {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const each = rawHeaders[index];
    if (each?.length === name.length && each.toLowerCase() === name) count += 1;
  }
  return count > 1;
}

/** The path and query of a target; those of an absolute one (`http://host/path`), which servers must accept, too. */
export function pathOfTarget(target: string): string {
  if (target.startsWith('/')) return target;
  const absolute = /^https?:\/\/[^/?#]*(.*)$/is.exec(target);
  if (absolute === null) return target;
  const path = absolute[1] ?? '';
  return path.startsWith('/') ? path : `/${path}`;
}

/** Whether a name in the path is missing, as in `/v1/queues/`: a router takes the nothing for one. */
export function lacksName(params: Readonly<Record<string, string>>): boolean {
  for (const name in params) {
    if (params[name] === '') return true;
  }
  return false;
}
