import { patient, record, transaction } from './memory-gateway.ts';
import { at, content, contentPath, proof, type Row, upload } from './requests.ts';

/** Paths that lead nowhere. */
export const malformedPaths: Row[] = [
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

/** Methods that a path does not take. */
export const malformedMethods: Row[] = [
  ['DELETE of a record', { ...at(`/v1/records/${record}`), method: 'DELETE' }, 405, 'METHOD_UNKNOWN'],
  ['OPTIONS without a listed origin', { ...content(), method: 'OPTIONS' }, 405, 'METHOD_UNKNOWN'],
  ['TRACE', { ...content(), method: 'TRACE' }, 405, 'METHOD_UNKNOWN'],
  ['PATCH of content', { ...content(), method: 'PATCH' }, 405, 'METHOD_UNKNOWN'],
  ['GET of the token endpoint', at('/v1/oauth/token'), 405, 'METHOD_UNKNOWN'],
  ['a method nobody knows', { ...content(), method: 'CHART' }, 400, 'INVALID_REQUEST'],
];

/** Queries that a path does not take. */
export const malformedQueries: Row[] = [
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
