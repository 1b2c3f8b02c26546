/**
 * A metric that is read when somebody asks for it: what is counted are plain numbers, kept by those who count. This is
 * all that there is between them and prom-client, whose own counters would look up their labels at every addition.
 */
import type { Metric as PromClientMetric } from 'prom-client';
import type { Distribution } from '../queue/index.ts';

export type Labels = Readonly<Record<string, string | number>>;

export interface Sample {
  readonly labels?: Labels;
  readonly value: number;
}

export interface LabelledDistribution {
  readonly labels?: Labels;
  readonly distribution: Distribution;
}

interface Described {
  readonly name: string;
  /** What it tells, in one sentence without a full stop. */
  readonly help: string;
  readonly labels: readonly string[];
}

/** A metric, and where its values are. */
export type Metric =
  | (Described & { readonly type: 'counter' | 'gauge'; read(): Iterable<Sample> | Promise<Iterable<Sample>> })
  | (Described & { readonly type: 'histogram'; distributions(): Iterable<LabelledDistribution> });

type Read<Value> = () => Iterable<Value>;

/** Only grows. */
export function counter(name: string, help: string, labels: readonly string[], read: Read<Sample>): Metric {
  return { type: 'counter', name, help, labels, read };
}

export function gauge(
  name: string,
  help: string,
  labels: readonly string[],
  read: Read<Sample> | (() => Promise<Iterable<Sample>>),
): Metric {
  return { type: 'gauge', name, help, labels, read };
}

export function histogram(
  name: string,
  help: string,
  labels: readonly string[],
  distributions: Read<LabelledDistribution>,
): Metric {
  return { type: 'histogram', name, help, labels, distributions };
}

/** The one sample of a metric without labels. */
export function only(value: number): readonly Sample[] {
  return [{ value }];
}

interface PromClientValue {
  readonly metricName?: string;
  readonly labels: Labels;
  readonly value: number;
}

/** The metric as prom-client's registry takes it. */
export function registrable(metric: Metric): PromClientMetric {
  const { name, help, type } = metric;
  const get = async () => ({ name, help, type, values: await valuesOf(metric), aggregator: 'sum' });
  // The registry asks for no more than the name and this.
  return { name, get } as unknown as PromClientMetric;
}

async function valuesOf(metric: Metric): Promise<PromClientValue[]> {
  if (metric.type !== 'histogram') {
    return [...(await metric.read())].map(({ labels = {}, value }) => ({ labels, value }));
  }
  return [...metric.distributions()].flatMap(({ labels = {}, distribution }) =>
    bucketsOf(metric.name, labels, distribution),
  );
}

/** Buckets count what is not larger than they are, and so contain the smaller ones. */
function bucketsOf(name: string, labels: Labels, { bounds, counts, sum }: Distribution): PromClientValue[] {
  let count = 0;
  const buckets = counts.map((counted, index) => {
    count += counted;
    return { metricName: `${name}_bucket`, labels: { ...labels, le: bounds[index] ?? '+Inf' }, value: count };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: count },
  ];
}
