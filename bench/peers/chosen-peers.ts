/** Which peers are measured: those that were asked for, or the usual ones, as far as they are installed or may be. */
import { installPeers, isInstalled } from '../../scripts/peer-installation.mjs';
import { assertKnown, type BenchOptions } from '../options.ts';
import type { Peer } from '../peer.ts';

export function chosenPeers(
  peers: readonly Peer[],
  options: BenchOptions,
  report: (line: string) => void,
): Peer[] {
  const names = peers.map(({ name }) => name);
  assertKnown('peer', options.peers ?? [], names);
  const wanted = peers.filter(({ name, isInQuickSet }) =>
    options.peers === undefined ? isInQuickSet || !options.isQuick : options.peers.includes(name),
  );
  installPeers({ needs: wanted.flatMap(({ needs }) => needs), report });
  return wanted.filter(({ title, needs }) => {
    const missing = needs.filter(({ file }) => !isInstalled(file));
    const packages = missing.map(({ debianPackage }) => debianPackage);
    if (packages.length > 0) report(`${title} is left out. Debian's packages for it: ${packages.join(' ')}`);
    return packages.length === 0;
  });
}
