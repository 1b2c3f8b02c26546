/**
 * The OpenAPI document as a page for people: Swagger UI, from a closed table of its files. A path that is not in the
 * table is unknown like any other: no part of a request's path ever reaches the file system.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type StaticPage, staticPage } from '../http/static-pages.ts';

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

/** Every page by its path. Reads the files. */
export function docsPages(): ReadonlyMap<string, StaticPage> {
  const directory = join(
    dirname(createRequire(import.meta.url).resolve('@fastify/swagger-ui/package.json')),
    'static',
  );
  const files = Object.entries(FILES).map(
    ([name, contentType]) =>
      [`/docs/static/${name}`, staticPage(contentType, readFileSync(join(directory, name)))] as const,
  );
  return new Map([
    // The same page twice, so that its relative links hold with and without the slash, and behind any prefix.
    ['/docs', htmlPage('docs/static')],
    ['/docs/', htmlPage('static')],
    ['/docs/static/initializer.js', staticPage(SCRIPT, Buffer.from(INITIALIZER))],
    ...files,
  ]);
}

function htmlPage(staticPath: string): StaticPage {
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
  return staticPage('text/html; charset=utf-8', Buffer.from(html));
}
