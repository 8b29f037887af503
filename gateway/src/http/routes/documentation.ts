import { dirname } from 'node:path';
import { Failure } from '@chartkey/vocabulary';
import * as z from 'zod';
import { answer } from '../answer.ts';
import { sendBeforeTheBodyEnds } from '../problem.ts';
import { type Asked, route } from '../route.ts';

const assets = dirname(require.resolve('swagger-ui-dist/package.json'));
const served = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png', 'start.js'] as const;

/** Nothing from another host, nothing inline; the style sheet's own icons are data URLs. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Chartkey gateway</title>
<link rel="icon" href="/docs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="document"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`;

/** To read, not to try: nobody should type a token into a web page. */
const start = `SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#document',
  supportedSubmitMethods: [],
  validatorUrl: null,
});
`;

const Document = z.looseObject({ openapi: z.string() });

export const openApi = route({
  method: 'get',
  path: '/openapi.json',
  word: 'documentation',
  summary: 'This document',
  needs: 'nothing',
  answers: { 200: { says: 'OpenAPI 3.1', schema: Document } },
  failures: [],
  serve: (asked) => answer(asked, Document, asked.document()),
});

export const documentation = route({
  method: 'get',
  path: '/docs',
  word: 'documentation',
  summary: 'A page to read this document',
  needs: 'nothing',
  answers: { 200: { says: 'The page', mediaType: 'text/html' } },
  failures: [],
  serve: (asked) => sendText(asked, 'text/html; charset=utf-8', page),
});

export const documentationAsset = route({
  method: 'get',
  path: '/docs/{asset}',
  word: 'documentation',
  summary: 'Style and script of the page',
  needs: 'nothing',
  params: z.object({ asset: z.string().max(64) }),
  answers: { 200: { says: 'The file', mediaType: '*/*' } },
  failures: ['NOT_FOUND'],
  serve: async (asked) => {
    const asset = served.find((name) => name === asked.params.asset);
    if (!asset) throw new Failure('NOT_FOUND');
    if (asset === 'start.js') return sendText(asked, 'text/javascript; charset=utf-8', start);
    const { response } = asked;
    await new Promise<void>((resolve, reject) => {
      response.sendFile(asset, { root: assets, maxAge: '1h' }, (error) =>
        error ? reject(error) : resolve(),
      );
    });
  },
});

function sendText({ request, response }: Asked, mediaType: string, text: string): void {
  response.status(200).setHeader('Content-Security-Policy', policy);
  response.setHeader('Content-Type', mediaType);
  sendBeforeTheBodyEnds(request, response, text);
}
