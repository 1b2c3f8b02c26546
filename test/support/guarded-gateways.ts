/** Gateways that ask for the keys of a principals file, for the tests of one file. */
import { afterAll, beforeAll } from 'vitest';
import { type Authentication, openAuthentication } from '../../src/access/index.ts';
import { type Environment, readConfiguration } from '../../src/config/environment.ts';
import type { AccessRules } from '../../src/routes/http/authenticator.ts';
import { type DescribedPrincipal, PrincipalsFile } from './access-fixture.ts';
import { startTestGateways, type TestGateways } from './http-app.ts';
import { type RawAnswer, type RawRequest, send } from './raw-http.ts';
import { silentLogger } from './test-store.ts';

export interface GuardedGateways {
  readonly gateways: TestGateways;
  readonly file: PrincipalsFile;
  /** Sends a request as this principal, with its value as JSON. */
  as(name: string, method: string, path: string, json?: unknown): Promise<JsonAnswer>;
}

export interface JsonAnswer extends Pick<RawAnswer, 'status' | 'headers'> {
  // biome-ignore lint/suspicious/noExplicitAny: what it is, the test says.
  readonly body: any;
}

export interface GuardedOptions {
  readonly variables?: Environment | (() => Environment);
  readonly rules?: Partial<AccessRules>;
}

/** Registers the hooks; what it returns may be used inside tests. */
export function useGuardedGateways(
  principals: Readonly<Record<string, DescribedPrincipal>>,
  { variables = {}, rules = {} }: GuardedOptions = {},
): GuardedGateways {
  let file: PrincipalsFile;
  let gateways: TestGateways;
  let authentication: Authentication | undefined;
  beforeAll(async () => {
    file = await PrincipalsFile.create(principals);
    const further = typeof variables === 'function' ? variables() : variables;
    const { access } = readConfiguration({ ZOOGATE_PRINCIPALS_FILE: file.path, ...further });
    authentication = await openAuthentication(access, silentLogger);
    gateways = await startTestGateways(1, { authentication, requestRate: access.requestRate, ...rules });
  });
  afterAll(async () => {
    await gateways?.stop();
    authentication?.close();
    await file?.remove();
  });
  return {
    get gateways() {
      return gateways;
    },
    get file() {
      return file;
    },
    async as(name, method, path, json) {
      const request: RawRequest =
        json === undefined
          ? { method, headers: file.headersOf(name) }
          : {
              method,
              headers: { ...file.headersOf(name), 'content-type': 'application/json' },
              body: JSON.stringify(json),
            };
      const { status, headers, text } = await send(gateways.urls[0], path, request);
      return { status, headers, body: text === '' ? undefined : JSON.parse(text) };
    },
  };
}
