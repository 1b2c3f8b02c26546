/** Whether what was sent has arrived, each once. Pure. */

/** What is missing, doubled, or from nowhere, in sentences. */
export function onceEach(sent: readonly string[], arrived: readonly string[]): string[] {
  const times = new Map<string, number>();
  for (const value of arrived) times.set(value, (times.get(value) ?? 0) + 1);
  const known = new Set(sent);
  return [
    ...sent.filter((value) => !times.has(value)).map((value) => `${value} did not come through the pipeline`),
    ...[...times]
      .filter(([, count]) => count > 1)
      .map(([value, count]) => `${value} came through the pipeline ${count} times`),
    ...[...times.keys()].filter((value) => !known.has(value)).map((value) => `${value} was never sent`),
  ];
}
