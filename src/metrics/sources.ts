/** Where the metrics are read from: what each part of a gateway shows of itself. */
import type { Broker, Budget, Distribution } from '../queue/index.ts';
import type { HttpCounts } from '../routes/http/http-counts.ts';
import type { Version } from '../version.ts';

export interface HttpVitals {
  readonly counts: HttpCounts;
  readonly load: {
    readonly requests: Budget;
    readonly requestBytes: Budget;
    readonly answerBytes: Budget;
  };
}

export interface StoreVitals {
  readonly state: 'connected' | 'suspended' | 'lost';
  onState(listener: (state: 'connected' | 'suspended' | 'lost') => void): () => void;
  readonly counters: {
    readonly reads: number;
    readonly writes: number;
    readonly conflicts: number;
    readonly bytesWritten: number;
  };
  readonly measures: {
    readonly readSeconds: Distribution;
    readonly writeSeconds: Distribution;
    readonly failedReads: number;
    readonly failedWrites: number;
  };
}

export interface MetricSources {
  readonly broker: Pick<Broker, 'ready' | 'telemetry'>;
  readonly http: HttpVitals;
  readonly version: Version;
  /** Left out: nothing is said of it. */
  readonly store?: StoreVitals;
  /** Whether the process is the gateway's own, so that its figures are the gateway's. */
  readonly isOwnProcess?: boolean;
}
