import { describe, expect, it } from 'vitest';
import { routesOf } from '../../../fuzz/largest.ts';

describe('the routes that the largest bodies go to', () => {
  it('are all of the document that may have a body, with names for what is in braces', () => {
    const content = { 'application/json': { schema: { $ref: '#/components/schemas/Put' } } };
    const routes = routesOf({
      paths: {
        '/v1/topics/{topic}/subscriptions/{subscription}': {
          get: {},
          put: { requestBody: { content: { ...content, 'text/plain': { schema: {} } } } },
          delete: {},
        },
        '/livez': { get: {} },
      },
      components: { schemas: { Put: { properties: { filter: {}, ordering: {} } } } },
    });
    const path = '/v1/topics/events/subscriptions/all';
    expect(routes).toEqual([
      {
        method: 'PUT',
        path,
        contentTypes: ['application/json', 'text/plain'],
        fields: ['filter', 'ordering'],
      },
      { method: 'DELETE', path, contentTypes: ['application/json'], fields: [] },
    ]);
  });
});
