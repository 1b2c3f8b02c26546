/**
 * A door is a protocol by which clients use the gateway: its operations, and the form of its errors. All doors share the
 * listener, TLS, access control, limits, metrics and logs. The table of doors is in `src/routes/index.ts`.
 */
import type { RouteContext } from './context.ts';
import type { ErrorWriter } from './error-answers.ts';
import type { DoorDescription } from './openapi-document.ts';
import type { Operation } from './operation.ts';
import type { StaticPage } from './static-pages.ts';

export interface Door {
  /** In the order of the documentation. */
  operations(context: RouteContext): readonly Operation[];
  /** Pages for people, by their paths. May read files, once. */
  pages?(): ReadonlyMap<string, StaticPage>;
  readonly writeError: ErrorWriter;
  /** The largest body that any of its operations takes: every principal may send at least one of them. */
  readonly bodyBytesMax: number;
  /** Undefined: the OpenAPI document does not list its operations. */
  readonly description: DoorDescription | undefined;
}
