/** Versions of installed packages of the system. */
import { execFileSync } from 'node:child_process';

/** Name and version; the name alone where the system does not tell. */
export function debianVersion(name: string): string {
  try {
    const format = '--showformat=$' + '{Version}';
    return `${name} ${execFileSync('dpkg-query', ['--show', format, name], { encoding: 'utf8' })}`;
  } catch {
    return name;
  }
}
