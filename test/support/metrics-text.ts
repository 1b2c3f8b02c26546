/** Metrics in the text format of Prometheus, taken apart. */

export interface MetricSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly samples: readonly MetricSample[];
}

/** Every metric of the text, in its order. Throws at whatever is not of the format. */
export function parseMetrics(text: string): MetricFamily[] {
  if (!text.endsWith('\n')) throw new Error('the text does not end with its last line');
  return text
    .trimEnd()
    .split('\n\n')
    .map((block) => {
      const [help = '', type = '', ...lines] = block.split('\n');
      const [, name = '', helpText = ''] = matched(/^# HELP ([a-zA-Z_:][\w:]*) (.+)$/, help);
      const [, typedName, kind = ''] = matched(/^# TYPE (\S+) (counter|gauge|histogram)$/, type);
      if (typedName !== name) throw new Error(`the type of ${name} is that of ${typedName}`);
      return { name, help: helpText, type: kind, samples: lines.map(parseSample) };
    });
}

/** The value of the one sample with these labels and no others; undefined when there is none. */
export function metricValue(
  families: readonly MetricFamily[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const wanted = JSON.stringify(Object.entries(labels).sort());
  return families
    .flatMap(({ samples }) => samples)
    .find((sample) => sample.name === name && JSON.stringify(Object.entries(sample.labels).sort()) === wanted)
    ?.value;
}

function parseSample(line: string): MetricSample {
  const [, name = '', labels = '', value = ''] = matched(/^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/, line);
  const pairs = [...labels.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"(?:,|$)/g)];
  return {
    name,
    labels: Object.fromEntries(pairs.map(([, label = '', text = '']) => [label, text])),
    value: value === '+Inf' ? Number.POSITIVE_INFINITY : Number(value),
  };
}

function matched(pattern: RegExp, line: string): RegExpExecArray {
  const match = pattern.exec(line);
  if (match === null) throw new Error(`not a line of the format: ${line}`);
  return match;
}
