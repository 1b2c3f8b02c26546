/**
 * Fencing tokens: numbers that only grow over all leases of the ensemble. Pure.
 *
 * The transaction id of the write that made a lease grows over all writes; several leases may be made by one write,
 * so its lower bits tell them apart. 2^53 is passed, hence decimal strings; 2^63 is not, for two million leader
 * elections, so that a database's bigint can hold them.
 */

/** Claims that may be granted by one write. */
export const CLAIMS_PER_WRITE_MAX = 1024;

/** @param index which of the write's leases: 0 to CLAIMS_PER_WRITE_MAX - 1 */
export function fencingToken(zxid: bigint, index: number): string {
  return (zxid * BigInt(CLAIMS_PER_WRITE_MAX) + BigInt(index)).toString();
}
