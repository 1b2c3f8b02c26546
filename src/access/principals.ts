/**
 * The principals file: who there is, how each one proves it, and what each one may do.
 *
 * Guarantees: a file is taken over whole or not at all; what is wrong with it is said in one message, without any
 * value that could be a secret.
 */
import { z } from 'zod';
import { KEY_HASH, KeyOwners } from './api-key.ts';
import { ANONYMOUS, type Principal } from './rights.ts';
import { describeIssues, objectExpected, rightsSchema } from './rights-schema.ts';

/** How the one key of the environment is called. */
export const ENVIRONMENT_KEY_NAME = 'environment-key';
const RESERVED_NAMES = [ANONYMOUS.name, ENVIRONMENT_KEY_NAME];

/** More would be a directory of users, which is what tokens are for. */
export const PRINCIPALS_MAX = 10_000;
export const KEYS_MAX = 10;
export const SUBJECT_CHARS_MAX = 256;
const PER_SECOND_MAX = 1_000_000;

const principal = z
  .strictObject(
    {
      name: z
        .string({ error: 'expected a name' })
        .regex(
          /^[A-Za-z0-9][A-Za-z0-9._@-]{0,127}$/,
          'expected 1 to 128 letters, digits, dots, underscores, @ or hyphens',
        )
        .refine((name) => !RESERVED_NAMES.includes(name), 'is a reserved name'),
      keyHashes: z
        .array(
          z
            .string({ error: 'expected a hash' })
            .regex(KEY_HASH, 'expected the hash of a key, as `npm run key` prints it: sha256:…'),
          { error: 'expected a list of hashes' },
        )
        .max(KEYS_MAX, `expected at most ${KEYS_MAX} hashes`)
        .default([]),
      subject: z
        .string({ error: 'expected the sub of a token' })
        .min(1, 'must not be empty')
        .max(SUBJECT_CHARS_MAX, `must have at most ${SUBJECT_CHARS_MAX} characters`)
        .optional(),
      rights: rightsSchema,
      requestsPerSecond: z
        .number({ error: 'expected a number' })
        .positive('must be more than 0')
        .max(PER_SECOND_MAX, `must be at most ${PER_SECOND_MAX}`)
        .optional(),
      burst: z
        .int({ error: 'expected a whole number' })
        .min(1, 'must be at least 1')
        .max(PER_SECOND_MAX, `must be at most ${PER_SECOND_MAX}`)
        .optional(),
    },
    { error: objectExpected('an object that describes a principal') },
  )
  .superRefine(({ keyHashes, subject, requestsPerSecond, burst }, context) => {
    if (keyHashes.length === 0 && subject === undefined) {
      context.addIssue('has neither keyHashes nor a subject, so that nobody could ever be it');
    }
    if (burst !== undefined && requestsPerSecond === undefined) {
      context.addIssue({ code: 'custom', path: ['burst'], message: 'needs requestsPerSecond beside it' });
    }
  });

const principalsFile = z
  .strictObject(
    {
      principals: z
        .array(principal, { error: 'expected a list of principals' })
        .max(PRINCIPALS_MAX, `expected at most ${PRINCIPALS_MAX} principals`),
    },
    { error: objectExpected('an object with a list of principals') },
  )
  .superRefine(({ principals }, context) => {
    const refuseTwice = (
      what: string,
      values: readonly (readonly [string, readonly PropertyKey[]])[],
    ): void => {
      const seen = new Set<string>();
      for (const [value, path] of values) {
        if (seen.has(value))
          context.addIssue({
            code: 'custom',
            path: ['principals', ...path],
            message: `${what} is given to two principals, or twice`,
          });
        seen.add(value);
      }
    };
    refuseTwice(
      'this name',
      principals.map(({ name }, index) => [name, [index, 'name']]),
    );
    refuseTwice(
      'this hash',
      principals.flatMap(({ keyHashes }, index) =>
        keyHashes.map((each, key) => [each, [index, 'keyHashes', key]] as const),
      ),
    );
    refuseTwice(
      'this subject',
      principals.flatMap(({ subject }, index) =>
        subject === undefined ? [] : [[subject, [index, 'subject']] as const],
      ),
    );
  });

/** Principals by what proves that a request is theirs. */
export interface Principals {
  readonly byKey: KeyOwners<Principal>;
  readonly bySubject: ReadonlyMap<string, Principal>;
}

/** The principals that the text of a file describes, or a list of what is wrong with it. */
export function parsePrincipals(text: string): Principals | { readonly problems: readonly string[] } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own message would quote the file.
    return { problems: ['it is not valid JSON'] };
  }
  const result = principalsFile.safeParse(value);
  if (!result.success) return { problems: describeIssues(result.error.issues) };
  const described = result.data.principals.map((each) => ({ ...each, principal: principalOf(each) }));
  return {
    byKey: new KeyOwners(
      described.flatMap(({ keyHashes, principal }) => keyHashes.map((key) => [key, principal] as const)),
    ),
    bySubject: new Map(
      described.flatMap(({ subject, principal }) => (subject === undefined ? [] : [[subject, principal]])),
    ),
  };
}

function principalOf({ name, rights, requestsPerSecond, burst }: z.output<typeof principal>): Principal {
  if (requestsPerSecond === undefined) return { name, rights };
  const rate = { perSecond: requestsPerSecond, burst: burst ?? Math.max(1, Math.ceil(requestsPerSecond)) };
  return { name, rights, rate };
}
