import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Step, visitSpans } from '../../../../src/routes/http/json-bodies.ts';

const BODIES: Step[] = [{ member: 'messages' }, 'elements', { member: 'body' }];

/** The latest span of each index, as a publisher keeps them. */
function bodies(json: string): string[] {
  const bytes = Buffer.from(json);
  const found: string[] = [];
  visitSpans(bytes, BODIES, ([index = -1], start, end) => {
    found[index] = bytes.toString('utf8', start, end);
  });
  return found;
}

describe('finding bodies in a JSON text', () => {
  it('keeps digits, key order, duplicate keys, white space and escapes as they are', () => {
    const body = '{ "b":12345678901234567890.10 ,"a":1e400,"a":[ ],"\\u0061":"\\u00e9\\/" }';
    expect(bodies(`{"messages":[{"body":${body}}]}`)).toEqual([body]);
  });

  it('leaves out the white space around a value', () => {
    expect(bodies('\n{ "messages" : [ { "body" :\t 1 \r\n} , { "body": "x" } ] } ')).toEqual(['1', '"x"']);
  });

  it('recognises a key that is written with escapes', () => {
    expect(bodies('{"mess\\u0061ges":[{"\\u0062ody":true}]}')).toEqual(['true']);
  });

  it('takes no other key for it that is as long, begins alike or has escapes', () => {
    const others = ['bodY', 'body ', 'b\\u0064y', 'b\\u006fdz', 'bödy', 'bod', '', '\\\\ody', 'message'];
    for (const key of others) expect(bodies(`{"messages":[{"${key}":1}]}`), key).toEqual([]);
    for (const key of ['messagez', 'messages\\n']) expect(bodies(`{"${key}":[{"body":1}]}`), key).toEqual([]);
  });

  it('takes the last of duplicate keys, like JSON.parse', () => {
    expect(bodies('{"messages":[{"body":1}],"messages":[{"body":2,"body":3}]}')).toEqual(['3']);
  });

  it('is not misled by brackets and quotes inside strings', () => {
    const body = '"]}\\",{\\\\"';
    expect(bodies(`{"x":"{[\\"","messages":[{"a":"}","body":${body},"z":[["]"]]}]}`)).toEqual([body]);
  });

  it('finds nothing where the path does not lead', () => {
    expect(bodies('[]')).toEqual([]);
    expect(bodies('7')).toEqual([]);
    expect(bodies('{"messages":{"body":1}}')).toEqual([]);
    expect(bodies('{"messages":[[{"body":1}],{"bod":1},{}]}')).toEqual([]);
  });

  it('keeps the place of a message without a body', () => {
    expect(bodies('{"messages":[{"bodyBase64":""},{"body":null}]}')).toEqual([undefined, 'null']);
  });

  it('passes over values of any depth without using the stack', () => {
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    expect(bodies(`{"messages":[{"x":${deep},"body":${deep}}]}`)).toEqual([deep]);
  });

  it('tells the indices of every array on the way', () => {
    const json = Buffer.from('{"p":[{"m":[{"b":1},{"b":2}]},{"m":[{"b":3}]}]}');
    const found: string[] = [];
    visitSpans(
      json,
      [{ member: 'p' }, 'elements', { member: 'm' }, 'elements', { member: 'b' }],
      (indices, start, end) => {
        found.push(`${indices.join('.')}=${json.toString('utf8', start, end)}`);
      },
    );
    expect(found).toEqual(['0.0=1', '0.1=2', '1.0=3']);
  });

  it('agrees with JSON.parse on any JSON text, in any spelling', () => {
    const space = fc.constantFrom('', ' ', '\n\t', '\r\n ');
    fc.assert(
      fc.property(
        fc.array(fc.jsonValue({ maxDepth: 4 }), { maxLength: 5 }),
        space,
        fc.jsonValue(),
        (values, gap, other) => {
          const elements = values.map(
            (value) =>
              `${gap}{${gap}"other"${gap}:${JSON.stringify(other)},"body":${gap}${JSON.stringify(value, null, gap)}${gap}}${gap}`,
          );
          const json = `${gap}{"x":${JSON.stringify(other)}${gap},"messages":[${elements.join(',')}]}`;
          const expected = JSON.parse(json).messages.map((message: { body: unknown }) => message.body);
          expect(bodies(json).map((text) => JSON.parse(text))).toEqual(expected);
          expect(bodies(json).map((text) => text.trim())).toEqual(bodies(json));
        },
      ),
    );
  });
});
