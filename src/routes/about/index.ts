/** What a gateway tells of itself: its health, version, metrics and documentation. */
import type { Door } from '../http/door.ts';
import { problemAnswer } from '../http/error-answers.ts';
import { docsPages } from './docs-pages.ts';
import { livez, readyz } from './health.ts';
import { metrics } from './metrics.ts';
import { describeApi } from './openapi.ts';
import { describeProblem } from './problem-pages.ts';
import { root, version } from './version.ts';

export const about: Door = {
  operations: (context) => [
    root(),
    livez(),
    readyz(context),
    version(context),
    metrics(context),
    describeProblem(),
    describeApi(context),
  ],
  pages: docsPages,
  writeError: problemAnswer,
  // It is only read from.
  bodyBytesMax: 0,
  description: {
    tags: [{ name: 'Operation', description: 'For load balancers, monitoring and tools.' }],
  },
};
