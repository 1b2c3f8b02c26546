/** `npx tsx bench/profile.ts FILE…`: what takes most time in the profiles that `npm run bench -- --profiles` wrote. */
import { readFileSync } from 'node:fs';
import { type Profile, profileShares, type Share } from './page/profile-table.ts';

const shown = 25;

for (const file of process.argv.slice(2)) {
  const profile = JSON.parse(readFileSync(file, 'utf8')) as Profile;
  const { busySeconds, byModule, byFunction, withCallees } = profileShares(profile);
  console.log(`\n${file}: ${busySeconds.toFixed(1)} s busy`);
  print('Packages and files', byModule);
  print('Functions', byFunction);
  print(
    'Functions of ours, with what they call',
    withCallees.filter(([name]) => name.includes(' dist/')),
  );
}

function print(title: string, shares: readonly Share[]): void {
  console.log(`\n${title}`);
  for (const [name, share] of shares.slice(0, shown))
    console.log(`${(share * 100).toFixed(1).padStart(5)} % ${name}`);
}
