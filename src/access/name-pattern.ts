/**
 * Patterns of names, in which `*` stands for any characters, none among them.
 *
 * A name is that of a queue or topic, such as `orders`, or that of a subscription within its topic, such as
 * `events/billing`. A pattern without a slash is for queues and topics, and covers the subscriptions of those topics;
 * one with a slash is for subscriptions alone. `*` never reaches over the slash. Pure, and linear in the name: a
 * pattern that was made to be slow is not.
 */

/** What a pattern may look like. */
export const PATTERN_GRAMMAR = /^[A-Za-z0-9._*-]{1,128}(?:\/[A-Za-z0-9._*-]{1,128})?$/;

export class NamePattern {
  readonly text: string;
  readonly #matchesTop: Matcher;
  readonly #matchesSubscription: Matcher | undefined;

  /** @param text of the grammar above */
  constructor(text: string) {
    const [top = '', subscription] = text.split('/');
    this.text = text;
    this.#matchesTop = matcherOf(top);
    this.#matchesSubscription = subscription === undefined ? undefined : matcherOf(subscription);
  }

  matches(name: string): boolean {
    const slash = name.indexOf('/');
    if (this.#matchesSubscription === undefined)
      return this.#matchesTop(slash < 0 ? name : name.slice(0, slash));
    return (
      slash >= 0 && this.#matchesTop(name.slice(0, slash)) && this.#matchesSubscription(name.slice(slash + 1))
    );
  }

  /** Whether it could match the topic or some subscription of it. */
  matchesWithin(topic: string): boolean {
    return this.#matchesTop(topic);
  }
}

type Matcher = (text: string) => boolean;

function matcherOf(pattern: string): Matcher {
  const [start = '', ...pieces] = pattern.split('*');
  const end = pieces.pop();
  if (end === undefined) return (text) => text === start;
  return (text) => {
    if (text.length < start.length + end.length || !text.startsWith(start) || !text.endsWith(end))
      return false;
    // The first place that fits leaves most room for what follows, so it never has to be given up.
    let from = start.length;
    for (const piece of pieces) {
      const at = text.indexOf(piece, from);
      if (at < 0) return false;
      from = at + piece.length;
    }
    return from <= text.length - end.length;
  };
}
