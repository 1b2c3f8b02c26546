/** Messages and receipts as the documentation shows them. */

export const EXAMPLE_RECEIPT = 'AAAAAQAAAAAAAAAqAAAAAAAAAAc';

export const EXAMPLE_MESSAGE = {
  id: '0-42',
  body: { order: 4711 },
  contentType: 'application/json',
  attributes: { kind: 'created' },
  priority: 0,
  publishedAt: '2030-01-31T12:00:00.000Z',
};

export const EXAMPLE_RECEIVED = {
  ...EXAMPLE_MESSAGE,
  receipt: EXAMPLE_RECEIPT,
  deliveries: 1,
  leaseExpiresAt: '2030-01-31T12:00:30.000Z',
  fencingToken: '4294967338',
};
