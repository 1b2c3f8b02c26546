/** What was confirmed is delivered until it is done with, once; what was refused is never seen. */
import { groupBy } from '../../support/group-by.ts';
import { type Facts, mayBeDone, type Story } from '../facts.ts';
import { ANSWER_MS, type Delivery } from '../ledger.ts';
import { SOURCES, type SourceName } from '../world.ts';

/** Where a message of each target must come to its end; a dead letter of `work` may do so in `dead`. */
const WAYS: Readonly<Record<string, readonly (readonly SourceName[])[]>> = {
  work: [['work', 'dead']],
  input: [['input']],
  output: [['output']],
  news: [['all'], ['some']],
  feed: [['left'], ['right']],
};

export function accountingViolations(facts: Facts): string[] {
  return [
    ...strangers(facts),
    ...doubles(facts),
    ...losses(facts),
    ...halves(facts),
    ...altered(facts),
    ...unpaired(facts),
  ];
}

/** Whatever is delivered was published, by a request that was not refused. */
function strangers(facts: Facts): string[] {
  const possible = new Set(facts.stories.filter((story) => story.possible).map(({ key }) => key));
  const found = new Set<string>();
  for (const { key, source } of facts.ledger.deliveries) {
    if (!possible.has(key))
      found.add(`${key} was refused, or never published, and was delivered at ${source}`);
  }
  return [...found];
}

/** Every attempt to publish a key is told the same id, and it is delivered under this one alone. */
function doubles(facts: Facts): string[] {
  return facts.stories.flatMap((story) => {
    const ids = new Set(story.attempts.map(({ id }) => id).filter((id) => id !== undefined));
    for (const source of (WAYS[story.target] ?? [['scratch']]).flat())
      for (const { message } of facts.deliveries(source as SourceName, story.key)) ids.add(message.id);
    return ids.size > 1 ? [`${story.key} was stored ${ids.size} times in ${story.target}`] : [];
  });
}

function losses(facts: Facts): string[] {
  const found: string[] = [];
  for (const [target, ways] of Object.entries(WAYS)) {
    for (const way of ways) {
      const missing = facts
        .storiesOf(way[0] as SourceName)
        .filter((story) => story.certain && !story.mortal && !isFinished(facts, story, way));
      // An answer that was lost may have taken messages for good.
      const takenMax = way
        .flatMap((source) => facts.untold(source))
        .filter(({ autoAck }) => autoAck)
        .reduce((sum, { max }) => sum + max, 0);
      if (missing.length > takenMax)
        found.push(
          `${missing.map(({ key }) => key).join(', ')}: stored in ${target}, never done with at ${way}`,
        );
    }
  }
  return found;
}

function isFinished(facts: Facts, story: Story, way: readonly SourceName[]): boolean {
  return way.some((source) =>
    facts
      .deliveries(source, story.key)
      .some((delivery) => mayBeDone(facts, delivery, Number.POSITIVE_INFINITY)),
  );
}

/** A request's messages are stored together, or none is. */
function halves(facts: Facts): string[] {
  const requests = groupBy(
    facts.ledger.publishes.filter(({ target }) => target in WAYS),
    ({ request, target }) => `${target} ${request}`,
  );
  const found: string[] = [];
  for (const messages of requests.values()) {
    const [first] = messages;
    if (first?.kind !== 'unknown' || messages.length < 2) continue;
    const ways = WAYS[first.target] as readonly (readonly SourceName[])[];
    const way = ways[0] as readonly SourceName[];
    if (way.some((source) => facts.untold(source).some(({ autoAck }) => autoAck))) continue;
    const stories = messages.map(({ key }) => facts.story(first.target, key) as Story);
    const isSeen = ({ key }: Story) => way.some((source) => facts.deliveries(source, key).length > 0);
    const immortal = stories.filter((story) => !story.mortal);
    if (immortal.some(isSeen) && !immortal.every(isSeen))
      found.push(`a request was stored in part: ${messages.map(({ key }) => key).join(', ')}`);
  }
  return found;
}

/** A message comes out as it went in, not before its time and not after its end. */
function altered(facts: Facts): string[] {
  return facts.ledger.deliveries.flatMap((delivery) => {
    const { key, source, message } = delivery;
    // Only what was published to `work` gets to `dead`.
    const story = facts.story(source === 'dead' ? 'work' : SOURCES[source as SourceName].name, key);
    const [sent] = story?.attempts ?? [];
    if (story === undefined || sent === undefined) return [];
    const found: string[] = [];
    const isSame =
      message.group === sent.group &&
      message.attributes.colour === sent.attributes.colour &&
      (source === 'dead' || message.priority === sent.priority);
    if (!isSame) found.push(`${key} came out of ${source} altered`);
    return [...found, ...untimely(facts, story, delivery)];
  });
}

function untimely(facts: Facts, story: Story, delivery: Delivery): string[] {
  const { key, source, message } = delivery;
  const [sent] = story.attempts;
  if (sent === undefined || source === 'dead') return [];
  const found: string[] = [];
  const delay = sent.delaySeconds ?? (story.target === 'work' ? facts.scenario.work.delaySeconds : 0);
  const takenFromMs = Math.min(...story.attempts.map(({ minClockMs }) => minClockMs)) - ANSWER_MS;
  if (delivery.maxClockMs < takenFromMs + delay * 1000)
    found.push(`${key} was delivered at ${source} before its time`);
  const isMoved = facts.mayHaveDied('work', key);
  const { expiresInSeconds } = sent;
  // Or ahead, when the clock has jumped back before it was stored.
  const takenMs = Math.max(message.publishedAtMs, ...story.attempts.map(({ maxClockMs }) => maxClockMs));
  if (expiresInSeconds !== undefined && !isMoved && takenMs + expiresInSeconds * 1000 <= delivery.leasedMs)
    found.push(`${key} was delivered at ${source} after its end`);
  return found;
}

/** What was made of an input is all there or not at all, and from then on the input is gone. */
function unpaired(facts: Facts): string[] {
  const found: string[] = [];
  const isSure = (['output', 'left'] as const).every((source) =>
    facts.untold(source).every(({ autoAck }) => !autoAck),
  );
  for (const { key } of facts.storiesOf('input')) {
    const made = facts.deliveries('output', `made of ${key}`);
    const told = facts.deliveries('left', `told of ${key}`);
    if (isSure && made.length > 0 !== told.length > 0) found.push(`${key} had half of a transaction`);
    const madeMs = Math.min(...made.map(({ toldMs }) => toldMs));
    if (facts.deliveries('input', key).some(({ askedMs }) => askedMs > madeMs))
      found.push(`${key} came again after what was made of it`);
  }
  return found;
}
