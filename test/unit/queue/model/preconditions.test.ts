import { expect, it } from 'vitest';
import { assertChangeable, assertCreatable } from '../../../../src/queue/model/preconditions.ts';

const REFUSED = { code: 'precondition-failed' };

function refusal(act: () => void): unknown {
  try {
    act();
    return undefined;
  } catch (error) {
    return error;
  }
}

it('what does not exist is created unless If-Match asks for something', () => {
  const creating = (precondition: object) => refusal(() => assertCreatable('queue', 'jobs', precondition));
  expect(creating({})).toBeUndefined();
  expect(creating({ ifAbsent: true })).toBeUndefined();
  expect(creating({ ifMatch: '*' })).toMatchObject(REFUSED);
  expect(creating({ ifMatch: ['a'] })).toMatchObject(REFUSED);
});

it('what exists is changed when If-Match names it, or nothing is asked', () => {
  const changing = (precondition: object) =>
    refusal(() => assertChangeable('queue', 'jobs', 'a', precondition));
  expect(changing({})).toBeUndefined();
  expect(changing({ ifMatch: '*' })).toBeUndefined();
  expect(changing({ ifMatch: ['b', 'a'] })).toBeUndefined();
  expect(changing({ ifMatch: ['b'] })).toMatchObject(REFUSED);
  expect(changing({ ifMatch: [] })).toMatchObject(REFUSED);
  expect(changing({ ifAbsent: true })).toMatchObject(REFUSED);
});
