/**
 * Options that the contract has and the engine cannot honour yet. Refusing them here, in one place, keeps an option
 * from being accepted and ignored; lifting one is deleting its line.
 */
import type { FieldError, NewMessage, QueueConfig } from '../queue/index.ts';
import { invalidFields } from './problems.ts';

/** The only value of each option that may be sent for now. */
const CONFIG: Partial<Record<keyof QueueConfig, unknown>> = {
  maxDeliveries: undefined,
  deadLetterQueue: undefined,
  delaySeconds: 0,
  messageTtlSeconds: undefined,
  maxMessages: undefined,
  maxBytes: undefined,
  ordering: 'none',
  priorities: 1,
};

const MESSAGE: Partial<Record<keyof NewMessage, readonly unknown[]>> = {
  delaySeconds: [undefined, 0],
  deliverAtMs: [undefined],
  expiresInSeconds: [undefined],
  priority: [0],
  dedupId: [undefined],
};

/** The field of the request where it is not that of the broker. */
const SENT_AS: Partial<Record<string, string>> = { deliverAtMs: 'deliverAt' };

const MESSAGE_TEXT = 'is not supported yet; leave it out';

/** Refuses a configuration that uses what is to come. */
export function refuseNotYetConfig(config: QueueConfig): void {
  const errors: FieldError[] = [];
  for (const [field, allowed] of Object.entries(CONFIG)) {
    if (config[field as keyof QueueConfig] !== allowed) {
      errors.push({ path: field, message: MESSAGE_TEXT });
    }
  }
  refuse(errors);
}

/** Refuses messages that use what is to come; `pathOf` tells where in the request a message is. */
export function refuseNotYetMessages(
  messages: readonly NewMessage[],
  pathOf: (index: number) => string,
): void {
  const errors: FieldError[] = [];
  for (const [index, message] of messages.entries()) {
    for (const [field, allowed] of Object.entries(MESSAGE)) {
      if (!allowed.includes(message[field as keyof NewMessage])) {
        errors.push({ path: `${pathOf(index)}${SENT_AS[field] ?? field}`, message: MESSAGE_TEXT });
      }
    }
  }
  refuse(errors);
}

function refuse(errors: readonly FieldError[]): void {
  if (errors.length > 0) {
    throw invalidFields(errors);
  }
}
