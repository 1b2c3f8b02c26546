/**
 * What a page in somebody's browser could do to a gateway that asks for no credentials, and how it is kept out. Pure.
 *
 * A page of any site may have its visitor's browser send requests to addresses that only the visitor can reach, such
 * as this machine's. Two ways are open to it. It may send a simple POST across sites, which the browser delivers and
 * only hides the answer of: browsers say of such a request where it comes from. And it may have its own domain name
 * point to the gateway after it was loaded (DNS rebinding), so that the browser takes the two for one site: then the
 * request's Host is that domain. Programs other than browsers send neither.
 */
import type { IncomingHttpHeaders } from 'node:http';

const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];

/**
 * Whether a request that changes something was made by a page of another site: as browsers of the last years tell by
 * Sec-Fetch-Site, and older ones by an Origin that is not the Host.
 */
export function isFromAnotherSite(method: string, headers: IncomingHttpHeaders): boolean {
  if (SAFE_METHODS.includes(method)) return false;
  const { 'sec-fetch-site': site, origin, host } = headers;
  // "none" is a person: an address typed in, a bookmark.
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  return origin !== undefined && hostOf(origin) !== host?.toLowerCase();
}

/** An opaque origin, "null", has no host. */
function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

/**
 * Whether the Host of a request is one that no stranger can have pointed here: an address, or a name without a dot,
 * which nobody can register; or one of those that are expected. A request without a Host is none of a browser's.
 *
 * @param allowed further names, in lower case; undefined: any
 */
export function isHostTrusted(host: string | undefined, allowed: readonly string[] | undefined): boolean {
  if (host === undefined || allowed === undefined) return true;
  const name = host.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '');
  const isAddress = /^\[[\da-f:.]+\]$/.test(name) || /^\d{1,3}(?:\.\d{1,3}){3}$/.test(name);
  return isAddress || !name.includes('.') || name.endsWith('.localhost') || allowed.includes(name);
}
