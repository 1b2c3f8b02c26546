/**
 * Bodies that are as expensive as their size allows: what an intruder sends to keep a gateway busy, or to end it. Made
 * one at a time, as each may have megabytes.
 */

export interface LargestBody {
  readonly name: string;
  readonly text: string;
}

const KIB = 1024;
/** The limits of all routes. */
export const BODY_SIZES = [16 * KIB, 64 * KIB, 256 * KIB, 1024 * KIB, 8192 * KIB, 9216 * KIB] as const;

type Shape = (bytes: number) => string;

const repeated = (text: string, bytes: number): string =>
  text.repeat(Math.max(1, Math.floor(bytes / text.length)));

function joined(bytes: number, element: (index: number) => string): string {
  const elements: string[] = [];
  for (let length = 0; length < bytes; length += (elements.at(-1)?.length ?? 0) + 1) {
    elements.push(element(elements.length));
  }
  elements.pop();
  return elements.join();
}

/** JSON values of about so many bytes, by what is bad about them. */
const SHAPES: ReadonlyMap<string, Shape> = new Map<string, Shape>([
  ['lists within each other', (bytes) => '['.repeat(bytes / 2) + ']'.repeat(bytes / 2)],
  ['objects within each other', (bytes) => `${repeated('{"a":', (bytes * 5) / 6)}0${'}'.repeat(bytes / 6)}`],
  ['lists that do not end', (bytes) => '['.repeat(bytes)],
  ['unknown fields', (bytes) => `{${joined(bytes - 2, (index) => `"k${index.toString(36)}":0`)}}`],
  ['one field again and again', (bytes) => `{${joined(bytes - 2, () => '"a":0')}}`],
  [
    'objects of a field of their own',
    (bytes) => `[${joined(bytes - 2, (index) => `{"${index.toString(36)}":0}`)}]`,
  ],
  ['empty objects', (bytes) => `[${joined(bytes - 2, () => '{}')}]`],
  ['short texts', (bytes) => `[${joined(bytes - 2, () => '"x"')}]`],
  ['numbers', (bytes) => `[${joined(bytes - 2, () => '1e5')}]`],
  ['a long number', (bytes) => '1'.repeat(bytes)],
  ['a long text', (bytes) => `"${'a'.repeat(bytes - 2)}"`],
  ['a text of escapes', (bytes) => `"${repeated('\\u00e9', bytes - 2)}"`],
  ['a text of quotes', (bytes) => `"${repeated('\\"', bytes - 2)}"`],
  ['white space', (bytes) => `${' '.repeat(bytes - 2)}{}`],
]);

/** Each shape by itself, and as the value of each field. */
export function* largestJson(bytes: number, fields: readonly string[]): Generator<LargestBody> {
  for (const [name, shape] of SHAPES) {
    yield { name, text: shape(bytes) };
    for (const field of fields) {
      yield { name: `${name} as ${field}`, text: `{"${field}":${shape(bytes - field.length - 5)}}` };
    }
  }
}

const times = (count: number, element: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => element(index)).join();

const EMPTY_MESSAGE = '{"body":0}';
const ATTRIBUTES = `{${times(32, (index) => `"attribute-${index}":"x"`)}}`;

/** Transactions that are far too large, or as large as they may be. */
export function* largestTransactions(queue: string): Generator<LargestBody> {
  const acks = (parts: number, receipts: string) =>
    `{"acks":[${times(parts, () => `{"queue":"${queue}","receipts":[${receipts}]}`)}]}`;
  yield {
    name: '1000 times 1000 equal receipts',
    text: acks(
      1000,
      times(1000, () => '""'),
    ),
  };
  yield {
    name: '1000 receipts that are no texts',
    text: acks(
      1000,
      times(1000, () => '0'),
    ),
  };
  yield {
    name: '1000 equal receipts',
    text: acks(
      1,
      times(1000, () => '"x"'),
    ),
  };
  yield { name: '1000 parts without a place', text: `{"acks":[${times(1000, () => '{"receipts":[1]}')}]}` };
  yield { name: '200,000 parts', text: `{"acks":[${times(200_000, () => '{}')}]}` };
  const publishes = (parts: number, messages: number) =>
    `{"publishes":[${times(parts, () => `{"queue":"${queue}","messages":[${times(messages, () => EMPTY_MESSAGE)}]}`)}]}`;
  yield { name: '600 times 1000 messages', text: publishes(600, 1000) };
  yield { name: '1000 publishes of one message', text: publishes(1000, 1) };
}

/** The same of publish requests. */
export function* largestPublishes(): Generator<LargestBody> {
  const messages = (elements: string) => `{"messages":[${elements}]}`;
  const filler = 'y'.repeat(250);
  yield {
    name: '1000 messages with 32 attributes',
    text: messages(times(1000, () => `{"body":"${filler}","attributes":${ATTRIBUTES}}`)),
  };
  for (const [name, shape] of SHAPES) {
    yield { name: `a body of ${name}`, text: messages(`{"body":${shape(250 * KIB)}}`) };
    yield { name: `bodies of ${name}`, text: messages(times(3, () => `{"body":${shape(250 * KIB)}}`)) };
    yield {
      name: `bodies of ${name}, too large`,
      text: messages(times(3, () => `{"body":${shape(2600 * KIB)}}`)),
    };
  }
  yield { name: '700,000 messages', text: messages(times(700_000, () => EMPTY_MESSAGE)) };
  yield { name: '1000 messages without anything', text: messages(times(1000, () => '{}')) };
  const wrong = times(8, (index) => `"unknown${index}":0`);
  const fields = [
    'bodyBase64',
    'contentType',
    'attributes',
    'delaySeconds',
    'deliverAt',
    'priority',
    'group',
  ];
  yield {
    name: '1000 messages with nothing right',
    text: messages(times(1000, () => `{${fields.map((field) => `"${field}":[]`).join()},${wrong}}`)),
  };
  yield {
    name: '1000 messages with 8 KiB of unknown fields',
    text: messages(times(1000, () => `{${joined(8000, (index) => `"${index.toString(36)}":0`)}}`)),
  };
  const media = repeated(';a=a', 8000 * KIB);
  yield { name: 'a long content type', text: messages(`{"body":0,"contentType":"a/a${media} x"}`) };
  yield {
    name: 'long base64',
    text: messages(`{"contentType":"a/json","bodyBase64":"${'W1tb'.repeat(2_000_000)}"}`),
  };
}

/** A body of so many bytes in chunks of one byte each, as they go over the wire. */
export function inTinyChunks(bytes: number): string {
  return `${'1\r\nx\r\n'.repeat(bytes)}0\r\n\r\n`;
}
