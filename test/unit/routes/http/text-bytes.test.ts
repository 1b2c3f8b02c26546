import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TextBytes } from '../../../../src/routes/http/text-bytes.ts';

it('is what was added, in order, however long it was expected to be', () => {
  const part = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  );
  fc.assert(
    fc.property(fc.array(part), fc.nat(2_000), (parts, expected) => {
      const text = new TextBytes(expected);
      for (const each of parts) {
        if (typeof each === 'string') text.addText(each);
        else text.addBytes(each);
      }
      expect(text.bytes).toEqual(Buffer.concat(parts.map((each) => Buffer.from(each as string))));
    }),
  );
});

it('grows by no more than it has to when characters take several bytes', () => {
  const text = new TextBytes(10);
  text.addText('€uro €uro');
  expect(text.bytes.toString()).toBe('€uro €uro');
  expect(text.bytes.length).toBe(13);
});
