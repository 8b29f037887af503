import { digest } from '@chartkey/vocabulary';
import { access, patient, record, transaction } from './memory-gateway.ts';
import type { Asking } from './served.ts';

/** What is wrong, what is sent, and the status and code that must come back. */
export type Row = [what: string, asking: Asking, status: number, code: string];

const device = 'Authorization: Bearer device';
const proof = 'Authorization: Bearer e30.e30.c2ln';
const key = 'Idempotency-Key: key';
const jose = 'Content-Type: application/jose';
const json = 'Content-Type: application/json';
const form = 'Content-Type: application/x-www-form-urlencoded';
const at = (path: string, ...headers: string[]): Asking => ({ path, headers: [device, ...headers] });
const contentPath = `/v1/records/${record}/content`;
const content = (...headers: string[]) => at(contentPath, ...headers);
const upload = (...headers: string[]): Asking => ({
  method: 'POST',
  path: `/v1/records?patient=${patient}`,
  headers: [device, key, ...headers],
  body: 'x',
});
const statement = (body: string | Buffer, ...headers: string[]): Asking => ({
  method: 'POST',
  path: '/v1/statements',
  headers: [jose, ...headers],
  body,
});
const release = (body: string | Buffer, ...headers: string[]): Asking => ({
  method: 'POST',
  path: '/v1/releases',
  headers: [proof, json, ...headers],
  body,
});
const version = (...headers: string[]): Asking => ({
  method: 'PUT',
  path: contentPath,
  headers: [device, ...headers],
  body: 'x',
});

const paths: Row[] = [
  ['an unknown path', at('/v1/nothing'), 404, 'NOT_FOUND'],
  ['a path in capitals', at('/V1/organisations'), 404, 'NOT_FOUND'],
  ['a trailing slash', at('/v1/organisations/'), 404, 'NOT_FOUND'],
  ['a doubled slash', at('//v1/organisations'), 404, 'NOT_FOUND'],
  ['a record id that is too short', at('/v1/records/abc'), 400, 'INVALID_REQUEST'],
  ['a record id in capitals', at(`/v1/records/${record.toUpperCase()}`), 400, 'INVALID_REQUEST'],
  ['a record that does not exist', at(`/v1/records/${'b'.repeat(26)}`), 404, 'RECORD_UNKNOWN'],
  ['an organisation that does not exist', at('/v1/organisations/NobodyMSP'), 404, 'ORGANISATION_UNKNOWN'],
  ['an organisation id with a dash', at('/v1/organisations/No-body'), 400, 'INVALID_REQUEST'],
  ['a patient id that is not canonical', at(`/v1/patients/${'A'.repeat(42)}B`), 400, 'INVALID_REQUEST'],
  ['broken percent-encoding', at('/v1/records/%zz'), 400, 'INVALID_REQUEST'],
  ['a lone percent sign', at('/v1/records/%'), 400, 'INVALID_REQUEST'],
  ['percent-encoding that is not UTF-8', at('/v1/records/%ff%fe'), 400, 'INVALID_REQUEST'],
  ['an encoded NUL', at(`/v1/records/${record}%00`), 400, 'INVALID_REQUEST'],
  ['an encoded lone surrogate', at('/v1/records/%ed%a0%80'), 400, 'INVALID_REQUEST'],
  [
    'an access id without its item',
    { path: `/v1/releases/${transaction}/sealed`, headers: [proof] },
    400,
    'INVALID_REQUEST',
  ],
  ['a file of the page that is not served', at('/docs/package.json'), 404, 'NOT_FOUND'],
  ['a prototype’s name as a file', at('/docs/__proto__'), 404, 'NOT_FOUND'],
  ['an absolute target of another host', at('http://evil.example/v1/nothing'), 404, 'NOT_FOUND'],
];

/** Ways out of a folder, at several depths, for several files: none of them is a path here. */
export const traversals: string[] = [
  '..',
  '%2e%2e',
  '%252e%252e',
  '....',
  '..;',
  '.%00.',
  '%u002e%u002e',
  '\\..',
]
  .flatMap((dots) => ['/', '%2f', '%5c', '%252f', '\\'].map((slash) => `${dots}${slash}`))
  .flatMap((way) => [1, 3, 8].map((depth) => way.repeat(depth)))
  .flatMap((way) => [`${way}etc/passwd`, `${way}package.json`])
  .flatMap((way) => [`/v1/records/${way}`, `/docs/${way}`, `/v1/records/${record}/${way}`, `/${way}`]);

const methods: Row[] = [
  ['DELETE of a record', { ...at(`/v1/records/${record}`), method: 'DELETE' }, 405, 'METHOD_UNKNOWN'],
  ['OPTIONS without a listed origin', { ...content(), method: 'OPTIONS' }, 405, 'METHOD_UNKNOWN'],
  ['TRACE', { ...content(), method: 'TRACE' }, 405, 'METHOD_UNKNOWN'],
  ['PATCH of content', { ...content(), method: 'PATCH' }, 405, 'METHOD_UNKNOWN'],
  ['GET of the token endpoint', at('/v1/oauth/token'), 405, 'METHOD_UNKNOWN'],
  ['a method nobody knows', { ...content(), method: 'CHART' }, 400, 'INVALID_REQUEST'],
];

const queries: Row[] = [
  ['a parameter nobody takes', at('/v1/organisations?x=1'), 400, 'UNKNOWN_PARAMETER'],
  ['an empty parameter', at('/v1/organisations?&'), 400, 'UNKNOWN_PARAMETER'],
  ['a repeated parameter', at(`${contentPath}?version=1&version=1`), 400, 'UNKNOWN_PARAMETER'],
  ['a parameter as an array', at(`${contentPath}?version[]=1`), 400, 'UNKNOWN_PARAMETER'],
  ['a parameter named __proto__', at(`${contentPath}?__proto__=1`), 400, 'UNKNOWN_PARAMETER'],
  ['a parameter of another path', at(`${contentPath}?cursor=abc`), 400, 'UNKNOWN_PARAMETER'],
  ['version 0', at(`${contentPath}?version=0`), 400, 'INVALID_REQUEST'],
  ['version 1e3', at(`${contentPath}?version=1e3`), 400, 'INVALID_REQUEST'],
  ['a version of many digits', at(`${contentPath}?version=${'9'.repeat(400)}`), 400, 'INVALID_REQUEST'],
  ['a query with broken encoding', at(`${contentPath}?version=%zz`), 400, 'INVALID_REQUEST'],
  ['a cursor with white space', at(`/v1/patients/${patient}/records?cursor=a%20b`), 400, 'CURSOR_INVALID'],
  [
    'an endless cursor',
    at(`/v1/patients/${patient}/records?cursor=${'a'.repeat(600)}`),
    400,
    'CURSOR_INVALID',
  ],
  ['an upload for no patient', { ...upload(), path: '/v1/records' }, 400, 'INVALID_REQUEST'],
  [
    'an upload for a malformed patient',
    { ...upload(), path: '/v1/records?patient=x' },
    400,
    'INVALID_REQUEST',
  ],
  [
    'a date that is not in the calendar',
    {
      path: '/v1/audit/accesses?from=2026-02-30T00:00:00.000Z',
      headers: ['Authorization: Bearer regulator'],
    },
    400,
    'INVALID_REQUEST',
  ],
  [
    'a decision nobody makes',
    { path: '/v1/audit/accesses?decision=maybe', headers: ['Authorization: Bearer regulator'] },
    400,
    'INVALID_REQUEST',
  ],
];

const headers: Row[] = [
  ['no token', { path: contentPath }, 401, 'TOKEN_REQUIRED'],
  ['another scheme', { path: contentPath, headers: ['Authorization: Basic YTpi'] }, 401, 'TOKEN_REQUIRED'],
  [
    'a token nobody was given',
    { path: contentPath, headers: ['Authorization: Bearer nobody'] },
    401,
    'TOKEN_INVALID',
  ],
  [
    'a token with a space',
    { path: contentPath, headers: ['Authorization: Bearer a b'] },
    401,
    'TOKEN_INVALID',
  ],
  [
    'a token beyond ASCII',
    { path: contentPath, headers: ['Authorization: Bearer \xe9'] },
    401,
    'TOKEN_INVALID',
  ],
  ['two tokens', { path: contentPath, headers: [device, device] }, 400, 'INVALID_REQUEST'],
  ['no host', { path: '/health/live', headers: ['Connection: close'], bare: true }, 400, 'INVALID_REQUEST'],
  ['two hosts', { path: '/health/live', headers: ['Host: a', 'Host: b'] }, 400, 'INVALID_REQUEST'],
  [
    'a release without a proof',
    { ...release(JSON.stringify({ access })), headers: [json] },
    401,
    'RELEASE_PROOF_INVALID',
  ],
  [
    'a release with a token for a proof',
    { ...release(JSON.stringify({ access })), headers: [json, device] },
    401,
    'RELEASE_PROOF_INVALID',
  ],
  ['sealed bytes without a proof', { path: `/v1/releases/${access}/sealed` }, 401, 'RELEASE_PROOF_INVALID'],
  ['a purpose nobody has', content('Purpose-Of-Use: CURIOSITY'), 400, 'INVALID_REQUEST'],
  ['two purposes', content('Purpose-Of-Use: TREAT', 'Purpose-Of-Use: TREAT'), 400, 'INVALID_REQUEST'],
  ['a key beyond ASCII', content('Idempotency-Key: caf\xe9'), 400, 'INVALID_REQUEST'],
  ['an endless key', content(`Idempotency-Key: ${'k'.repeat(129)}`), 400, 'INVALID_REQUEST'],
  ['an upload without a key', { ...upload(), headers: [device] }, 400, 'IDEMPOTENCY_KEY_REQUIRED'],
  ['an upload with two keys', upload(key), 400, 'INVALID_REQUEST'],
  [
    'an upload with an empty key',
    { ...upload(), headers: [device, 'Idempotency-Key:'] },
    400,
    'INVALID_REQUEST',
  ],
  ['a new version without If-Match', version(key), 428, 'IF_MATCH_REQUIRED'],
  ['a new version of any version', version(key, 'If-Match: *'), 428, 'IF_MATCH_REQUIRED'],
  ['an If-Match that is no tag', version(key, 'If-Match: 1'), 400, 'INVALID_REQUEST'],
  ['several tags in If-Match', version(key, 'If-Match: "1", "2"'), 400, 'INVALID_REQUEST'],
  ['a weak tag', version(key, 'If-Match: W/"1"'), 412, 'VERSION_CONFLICT'],
  ['a tag that no version has', version(key, 'If-Match: "abc"'), 412, 'VERSION_CONFLICT'],
  ['a tag with a leading zero', version(key, 'If-Match: "01"'), 412, 'VERSION_CONFLICT'],
  ['a range that is none', content('Range: bytes=abc'), 400, 'INVALID_REQUEST'],
  ['an empty range', content('Range: bytes='), 400, 'INVALID_REQUEST'],
  ['a range of a lone dash', content('Range: bytes=-'), 400, 'INVALID_REQUEST'],
  ['a backward range', content('Range: bytes=5-2'), 400, 'INVALID_REQUEST'],
  ['a range beyond the end', content('Range: bytes=10-'), 416, 'RANGE_NOT_SATISFIABLE'],
  ['the last zero bytes', content('Range: bytes=-0'), 416, 'RANGE_NOT_SATISFIABLE'],
  ['a range of endless digits', content(`Range: bytes=${'9'.repeat(400)}-`), 416, 'RANGE_NOT_SATISFIABLE'],
  ['two ranges in two headers', content('Range: bytes=0-1', 'Range: bytes=2-3'), 400, 'INVALID_REQUEST'],
  ['XML asked for', at('/v1/organisations', 'Accept: application/xml'), 406, 'NOT_ACCEPTABLE'],
  ['JSON refused', at('/v1/organisations', 'Accept: application/json;q=0'), 406, 'NOT_ACCEPTABLE'],
  ['a header without a colon', { path: '/health/live', headers: ['nonsense'] }, 400, 'INVALID_REQUEST'],
  ['a header name with a space', { path: '/health/live', headers: ['bad name: x'] }, 400, 'INVALID_REQUEST'],
  ['NUL in a header', { path: '/health/live', headers: ['X-A: a\0b'] }, 400, 'INVALID_REQUEST'],
  [
    'huge headers',
    { path: '/health/live', headers: [`X-A: ${'a'.repeat(20_000)}`] },
    431,
    'HEADERS_TOO_LARGE',
  ],
  ['a huge path', { path: `/${'a'.repeat(20_000)}` }, 431, 'HEADERS_TOO_LARGE'],
  [
    'very many headers',
    { path: '/health/live', headers: Array.from({ length: 3000 }, (_, n) => `X-${n}: 1`) },
    431,
    'HEADERS_TOO_LARGE',
  ],
  [
    'both lengths',
    { ...statement('x'), headers: [jose, 'Content-Length: 1', 'Transfer-Encoding: chunked'] },
    400,
    'INVALID_REQUEST',
  ],
  [
    'two lengths',
    { ...statement('x'), headers: [jose, 'Content-Length: 1', 'Content-Length: 2'] },
    400,
    'INVALID_REQUEST',
  ],
  ['a negative length', { ...statement('x'), headers: [jose, 'Content-Length: -1'] }, 400, 'INVALID_REQUEST'],
];

const deep = (text: string) => text.repeat(400);
const bodies: Row[] = [
  ['a body where none is taken', { ...at('/v1/organisations'), body: '{}' }, 400, 'INVALID_REQUEST'],
  ['a statement as JSON', { ...statement('{}'), headers: [json] }, 415, 'MEDIA_TYPE_UNSUPPORTED'],
  ['a statement without a media type', { ...statement('x.y.z'), headers: [] }, 415, 'MEDIA_TYPE_UNSUPPORTED'],
  [
    'a statement in another charset',
    { ...statement('x.y.z'), headers: [`${jose}; charset=utf-16`] },
    415,
    'MEDIA_TYPE_UNSUPPORTED',
  ],
  [
    'a media type that is none',
    { ...statement('x.y.z'), headers: ['Content-Type: jose'] },
    415,
    'MEDIA_TYPE_UNSUPPORTED',
  ],
  ['a compressed statement', statement('x.y.z', 'Content-Encoding: gzip'), 415, 'MEDIA_TYPE_UNSUPPORTED'],
  ['a compressed upload', upload('Content-Encoding: br'), 415, 'MEDIA_TYPE_UNSUPPORTED'],
  ['an upload whose media type is none', upload('Content-Type: a/b; c'), 415, 'MEDIA_TYPE_UNSUPPORTED'],
  [
    'an upload whose media type is endless',
    upload(`Content-Type: a/${'b'.repeat(300)}`),
    415,
    'MEDIA_TYPE_UNSUPPORTED',
  ],
  ['an upload beyond the limit', { ...upload(), body: 'x'.repeat(2000) }, 413, 'BODY_TOO_LARGE'],
  [
    'an upload that grows beyond the limit',
    { ...upload('Transfer-Encoding: chunked'), body: `7d0\r\n${'x'.repeat(2000)}\r\n0\r\n\r\n` },
    413,
    'BODY_TOO_LARGE',
  ],
  [
    'a chunk without a length',
    { ...upload('Transfer-Encoding: chunked'), body: 'zz\r\nx\r\n' },
    400,
    'INVALID_REQUEST',
  ],
  ['an empty statement', statement(''), 400, 'INVALID_STATEMENT'],
  ['an oversized statement', statement('a'.repeat(16 * 1024 + 1)), 413, 'BODY_TOO_LARGE'],
  ['a statement of two parts', statement('a.b'), 400, 'INVALID_STATEMENT'],
  ['a statement with a line end', statement('a.b.c\n'), 400, 'INVALID_STATEMENT'],
  ['a statement with padding', statement('a.b.c='), 400, 'INVALID_STATEMENT'],
  ['NUL in a statement', statement('a.\0.c'), 400, 'INVALID_STATEMENT'],
  ['a statement that is not UTF-8', statement(Buffer.from([0xff, 0xfe])), 400, 'INVALID_REQUEST'],
  ['an empty release', release(''), 400, 'INVALID_REQUEST'],
  ['half a release', release('{"access":'), 400, 'INVALID_REQUEST'],
  ['a release for null', release('null'), 400, 'INVALID_REQUEST'],
  ['a release with a foreign member', release(JSON.stringify({ access, x: 1 })), 400, 'INVALID_REQUEST'],
  ['a release with a member twice', release(`{"access":"x","access":"${access}"}`), 400, 'INVALID_REQUEST'],
  ['a release with __proto__', release(`{"access":"${access}","__proto__":{"a":1}}`), 400, 'INVALID_REQUEST'],
  ['a release with constructor', release(`{"access":"${access}","constructor":{}}`), 400, 'INVALID_REQUEST'],
  ['a release for a number', release('{"access":1e999}'), 400, 'INVALID_REQUEST'],
  ['a release with NUL', release(JSON.stringify({ access: '\0' })), 400, 'INVALID_REQUEST'],
  ['a release with a lone surrogate', release('{"access":"\\ud800"}'), 400, 'INVALID_REQUEST'],
  [
    'a release with a byte order mark',
    release(`\ufeff${JSON.stringify({ access })}`),
    400,
    'INVALID_REQUEST',
  ],
  ['a deeply nested release', release(deep('[')), 400, 'INVALID_REQUEST'],
  ['a deeply nested object', release(`${'{"a":'.repeat(150)}1${'}'.repeat(150)}`), 400, 'INVALID_REQUEST'],
  ['an oversized release', release(' '.repeat(2000)), 413, 'BODY_TOO_LARGE'],
  [
    'a release as text',
    { ...release('{}'), headers: [proof, 'Content-Type: text/plain'] },
    415,
    'MEDIA_TYPE_UNSUPPORTED',
  ],
  [
    'a token request as JSON',
    { method: 'POST', path: '/v1/oauth/token', headers: [json], body: '{}' },
    415,
    'MEDIA_TYPE_UNSUPPORTED',
  ],
  [
    'an oversized token request',
    { method: 'POST', path: '/v1/oauth/token', headers: [form], body: 'a'.repeat(17_000) },
    413,
    'BODY_TOO_LARGE',
  ],
  [
    'an upload by a patient',
    { ...upload(), headers: ['Authorization: Bearer patient', key] },
    403,
    'DEVICES_ONLY',
  ],
  [
    'an upload for an unknown record',
    { ...version(key, 'If-Match: "1"'), path: `/v1/records/${'b'.repeat(26)}/content` },
    404,
    'RECORD_UNKNOWN',
  ],
  ['a patient’s id in capitals', at(`/v1/patients/${digest('x')}.`), 400, 'INVALID_REQUEST'],
];

/** Every malformed request of the suite. */
export const rows: Row[] = [...paths, ...methods, ...queries, ...headers, ...bodies];
