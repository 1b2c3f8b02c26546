import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateways, type TestGateways } from '../support/http-app.ts';
import { exchange, send } from '../support/raw-http.ts';

let gateways: TestGateways;
let url: string;
beforeAll(async () => {
  gateways = await startTestGateways();
  url = gateways.urls[0];
});
afterAll(() => gateways.stop());

const get = (path: string, headers = {}) => send(url, path, { method: 'GET', headers });
const STYLE = '/docs/static/index.css';

describe('the pages of the documentation', () => {
  it.each(['/docs', '/docs/'])('%s leads to everything that it needs', async (path) => {
    const { status, headers, text } = await get(path);
    expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    const links = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link = '']) => link);
    expect(links.length).toBe(7);
    for (const link of links) {
      const target = new URL(link, new URL(path, url)).pathname;
      const linked = await get(target);
      expect([target, linked.status, linked.body.length > 0]).toEqual([target, 200, true]);
    }
  });

  it('show the document that lies beside them', async () => {
    const { text } = await get('/docs/static/initializer.js');
    const [, relative = ''] = /new URL\('([^']+)'/.exec(text) ?? [];
    const { pathname } = new URL(relative, new URL('/docs/static/initializer.js', url));
    expect(JSON.parse((await get(pathname)).text).openapi).toMatch(/^3\.1/);
  });

  it('may be kept, and asked for again by their tag', async () => {
    const { headers } = await get(STYLE);
    expect(headers).toMatchObject({ 'cache-control': 'no-cache', etag: expect.stringMatching(/^"[^"]+"$/) });
    const again = await get(STYLE, { 'if-none-match': `W/${headers.etag}` });
    expect([again.status, again.text, again.headers.etag]).toEqual([304, '', headers.etag]);
    expect((await get(STYLE, { 'if-none-match': '"other"' })).status).toBe(200);
  });

  it('are given in full, whatever range is asked for, and under no other condition than was met', async () => {
    expect((await get(STYLE, { range: 'bytes=5-1' })).status).toBe(200);
    expect((await get(STYLE, { 'if-match': '*' })).status).toBe(200);
    const { status, text } = await get(STYLE, { 'if-match': '"other"' });
    expect([status, JSON.parse(text).code]).toEqual([412, 'precondition-failed']);
    expect((await get(STYLE, { 'if-match': 'nonsense' })).status).toBe(400);
  });

  it('can be read and nothing else', async () => {
    for (const path of ['/docs', '/docs/', STYLE]) {
      const { status, headers, text } = await send(url, path, { method: 'POST', body: 'x' });
      expect([status, JSON.parse(text).code, headers.allow]).toEqual([
        405,
        'method-not-allowed',
        'GET, HEAD, OPTIONS',
      ]);
      expect((await send(url, path, { method: 'OPTIONS' })).headers.allow).toBe('GET, HEAD, OPTIONS');
      const head = await send(url, path, { method: 'HEAD' });
      expect([head.status, head.text, Number(head.headers['content-length']) > 0]).toEqual([200, '', true]);
    }
  });

  it.each([
    '..%2f..%2fpackage.json',
    '%2e%2e/lib/routes.js',
    '%2e%2e%5cpackage.json',
    'csp.json',
    'index.css%00',
    'index.css/',
    '',
    'index.html',
  ])('have no neighbours: static/%s is 404', async (path) => {
    const wire = await exchange(
      url,
      `GET /docs/static/${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
    );
    expect(wire).toMatch(/^HTTP\/1\.1 404 /);
    expect(wire).toContain('"code":"not-found"');
  });
});
