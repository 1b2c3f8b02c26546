/** What the command line says, what is made of the deployed configuration of nginx, and how results are shown. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { complaints, nginxConfiguration } from '../../../chaos/nginx-server.ts';
import { parseOptions } from '../../../chaos/options.ts';
import { table } from '../../../chaos/report.ts';

describe('options', () => {
  test('have defaults', () => {
    expect(parseOptions([], 5)).toEqual({ seconds: 300, seed: 5, soak: false });
  });

  test('are read', () => {
    const given = [
      '--seconds',
      '20',
      '--seed',
      '3',
      '--fault',
      'a, b',
      '--soak',
      '--churn',
      '9',
      '--output',
      'f',
    ];
    expect(parseOptions(given, 5)).toEqual({
      seconds: 20,
      seed: 3,
      faults: ['a', 'b'],
      soak: true,
      churn: 9,
      output: 'f',
    });
  });

  test.each([['--seconds', 'long'], ['--seed', '-1'], ['--sceonds', '3'], ['extra']])(
    '%s %s is refused',
    (...given) => {
      expect(() => parseOptions(given, 5)).toThrow();
    },
  );
});

describe('the configuration of nginx', () => {
  const deployed = readFileSync(new URL('../../../deploy/nginx.conf', import.meta.url), 'utf8');
  const place = { port: 4_000, gatewayPorts: [4_001, 4_002, 4_003], directory: '/somewhere' };

  test('is the deployed one at other places', () => {
    const text = nginxConfiguration(deployed, place);
    expect(text).toContain('listen 127.0.0.1:4000;');
    for (const port of place.gatewayPorts) expect(text).toContain(`server 127.0.0.1:${port} max_fails=`);
    expect(text).toContain('client_body_temp_path /somewhere/client_body;');
    expect(text).not.toMatch(/gateway\d|8080/);
    // Nothing else is changed.
    expect(text.split('\n').filter((line) => !deployed.includes(line)).length).toBe(12);
  });

  test('is not made up when a place is missing', () => {
    expect(() => nginxConfiguration(deployed.replaceAll('gateway3', 'gatewayX'), place)).toThrow(
      'gateway3:8080',
    );
  });

  test('complains in lines that are counted', () => {
    const line =
      '2030/01/31 12:00:00 [error] 7#7: *12 connect() failed while connecting, client: 127.0.0.1, server: ,';
    expect(complaints(`${line}\n${line}\n2030/01/31 12:00:00 [notice] 7#7: started\n`)).toEqual({
      'connect() failed while connecting': 2,
    });
  });
});

test('a table has columns', () => {
  expect(
    table(
      ['name', 'n'],
      [
        ['a', 1],
        ['long name', 100],
      ],
    ),
  ).toBe('name         n\na            1\nlong name  100');
});
