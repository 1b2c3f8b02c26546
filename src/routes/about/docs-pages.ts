/**
 * The OpenAPI document as a page for people: Swagger UI, from a closed table of its files. Nothing of a request's path
 * ever reaches a file system, and what is not in the table is a path like any other that is not known.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { entityTag, isKnownToClient } from '../http/entity-tags.ts';

/** A file that is served. */
interface DocsPage {
  readonly contentType: string;
  readonly bytes: Buffer;
  /** Told by the bytes, so that all gateways of a version have the same. */
  readonly etag: string;
}

export interface DocsAnswer {
  readonly status: 200 | 304;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer | undefined;
}

const SCRIPT = 'text/javascript; charset=utf-8';
const STYLE = 'text/css; charset=utf-8';

/** Of the package that brings Swagger UI, which is used for these files alone. */
const FILES: Readonly<Record<string, string>> = {
  'swagger-ui.css': STYLE,
  'index.css': STYLE,
  'swagger-ui-bundle.js': SCRIPT,
  'swagger-ui-standalone-preset.js': SCRIPT,
  'favicon-16x16.png': 'image/png',
  'favicon-32x32.png': 'image/png',
};

/** Where a script of the page finds the document: beside /docs, whatever a proxy puts before both. */
const INITIALIZER = `const url = new URL('../../openapi.json', document.currentScript.src).href;
window.addEventListener('load', () => {
  SwaggerUIBundle({
    url,
    dom_id: '#swagger-ui',
    deepLinking: true,
    layout: 'StandaloneLayout',
    presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
    validatorUrl: null,
  });
});
`;

const POLICY =
  "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'self'; frame-ancestors 'self'";

/** Every page by its path. Reads the files. */
export function docsPages(): ReadonlyMap<string, DocsPage> {
  const directory = join(
    dirname(createRequire(import.meta.url).resolve('@fastify/swagger-ui/package.json')),
    'static',
  );
  const files = Object.entries(FILES).map(
    ([name, contentType]) =>
      [`/docs/static/${name}`, page(contentType, readFileSync(join(directory, name)))] as const,
  );
  return new Map([
    // The same page twice, so that its relative links hold with and without the slash, and behind any prefix.
    ['/docs', htmlPage('docs/static')],
    ['/docs/', htmlPage('static')],
    ['/docs/static/initializer.js', page(SCRIPT, Buffer.from(INITIALIZER))],
    ...files,
  ]);
}

/**
 * The answer to a GET of a page. A Range is passed over, as it may be (RFC 9110, section 14.2).
 *
 * @throws Problem 'precondition-failed', and 'validation' for preconditions that make no sense
 */
export function docsAnswer({ bytes, contentType, etag }: DocsPage, request: IncomingHttpHeaders): DocsAnswer {
  const isKnown = isKnownToClient(request, etag);
  const headers = {
    etag: entityTag(etag),
    'cache-control': 'no-cache',
    'content-security-policy': POLICY,
    ...(isKnown ? {} : { 'content-type': contentType }),
  };
  return { status: isKnown ? 304 : 200, headers, bytes: isKnown ? undefined : bytes };
}

function page(contentType: string, bytes: Buffer): DocsPage {
  return { contentType, bytes, etag: createHash('sha256').update(bytes).digest('base64url').slice(0, 22) };
}

function htmlPage(staticPath: string): DocsPage {
  const html = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>zoogate</title>
<link rel="stylesheet" href="${staticPath}/swagger-ui.css">
<link rel="stylesheet" href="${staticPath}/index.css">
<link rel="icon" type="image/png" href="${staticPath}/favicon-32x32.png" sizes="32x32">
<link rel="icon" type="image/png" href="${staticPath}/favicon-16x16.png" sizes="16x16">
</head>
<body>
<div id="swagger-ui"></div>
<script src="${staticPath}/swagger-ui-bundle.js"></script>
<script src="${staticPath}/swagger-ui-standalone-preset.js"></script>
<script src="${staticPath}/initializer.js"></script>
</body>
</html>
`;
  return page('text/html; charset=utf-8', Buffer.from(html));
}
