/** All faults, in the order in which they come. */
import type { Fault } from '../fault.ts';
import {
  clockJumps,
  gatewayFrozen,
  gatewayKilled,
  gatewaysRolling,
  sessionExpired,
} from './gateway-faults.ts';
import { connectionsCut, connectionsDelayed, connectionsSwallowed } from './link-faults.ts';
import {
  diskFull,
  everythingKilled,
  followerFrozen,
  followerKilled,
  leaderFrozen,
  leaderKilled,
  serversKilled,
  serversRolling,
} from './server-faults.ts';

export const allFaults: readonly Fault[] = [
  leaderKilled,
  gatewayKilled,
  gatewaysRolling,
  followerKilled,
  connectionsCut,
  followerFrozen,
  gatewayFrozen,
  serversKilled,
  sessionExpired,
  connectionsDelayed,
  leaderFrozen,
  connectionsSwallowed,
  serversRolling,
  clockJumps,
  diskFull,
  everythingKilled,
];

/**
 * Those with these names, in their own order; all when there are no names.
 *
 * @throws Error for a name that no fault has
 */
export function faultsNamed(names?: readonly string[]): readonly Fault[] {
  if (names === undefined) return allFaults;
  const unknown = names.filter((name) => !allFaults.some((fault) => fault.name === name));
  if (unknown.length > 0) {
    const known = allFaults.map(({ name }) => name).join(', ');
    throw new Error(`There is no fault "${unknown.join('", "')}". There are: ${known}`);
  }
  return allFaults.filter(({ name }) => names.includes(name));
}
