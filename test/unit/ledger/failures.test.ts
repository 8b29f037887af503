import { Failure } from '@chartkey/vocabulary';
import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { EndorseError, GatewayError, StatusCode } from '@hyperledger/fabric-gateway';
import {
  failureAtTheDoor,
  failureBeforeSubmission,
  failureOfVerdict,
} from '../../../gateway/src/ledger/failures.ts';

const transaction = 'ab'.repeat(32);

function shape(code: status, message: string, details: string[] = []) {
  const cause: ServiceError = Object.assign(new Error(message), {
    code,
    details: message,
    metadata: new Metadata(),
  });
  return {
    code,
    message: `${code} ${status[code]}: ${message}`,
    details: details.map((text) => ({ address: 'peer:7051', mspId: 'Riverside', message: text })),
    cause,
    transactionId: transaction,
  };
}

const attached = 'failed to endorse transaction, see attached details for more info';
const policy = 'no combination of peers can be derived which satisfy the endorsement policy';

test.each<[string, status, string, string[], string]>([
  [
    'the chaincode’s code',
    status.ABORTED,
    attached,
    ['chaincode response 500, [SESSION_FOREIGN]'],
    'SESSION_FOREIGN',
  ],
  [
    'the second peer’s code',
    status.ABORTED,
    attached,
    ['timeout', 'chaincode response 500, [KEY_USED]'],
    'KEY_USED',
  ],
  ['no code the vocabulary knows', status.ABORTED, attached, ['chaincode response 500, [NO_SUCH]'], 'BROKEN'],
  ['a crash of the chaincode', status.ABORTED, attached, ['chaincode response 500, undefined is…'], 'BROKEN'],
  [
    'no chaincode at a peer',
    status.ABORTED,
    attached,
    ['error in simulation: stream closed'],
    'LEDGER_UNAVAILABLE',
  ],
  ['too few peers', status.FAILED_PRECONDITION, policy, [], 'LEDGER_UNAVAILABLE'],
  ['no peers', status.UNAVAILABLE, 'no peers available to evaluate', [], 'LEDGER_UNAVAILABLE'],
  ['a refused connection', status.UNAVAILABLE, 'No connection established', [], 'LEDGER_UNAVAILABLE'],
  ['no answer in time', status.DEADLINE_EXCEEDED, 'Deadline exceeded', [], 'LEDGER_UNAVAILABLE'],
  ['a cancelled call', status.CANCELLED, 'Cancelled on client', [], 'LEDGER_UNAVAILABLE'],
  [
    'peers at different heights',
    status.ABORTED,
    'ProposalResponsePayloads do not match',
    [],
    'LEDGER_CONFLICT',
  ],
  [
    'a peer’s limit',
    status.UNKNOWN,
    'too many requests for /gateway.Gateway, exceeding concurrency limit (500)',
    [],
    'BUSY',
  ],
  ['a crowded connection', status.RESOURCE_EXHAUSTED, 'Bandwidth exhausted', [], 'BUSY'],
  ['no right to propose', status.PERMISSION_DENIED, 'access denied', [], 'BROKEN'],
  ['a wrong channel', status.NOT_FOUND, 'channel not found', [], 'BROKEN'],
])('%s at endorsement is told as such', (_name, code, message, details, expected) => {
  const error = new EndorseError(shape(code, message, details));
  const failure = failureBeforeSubmission(error, false);
  expect(failure.code).toBe(expected);
  expect(failure.cause).toBe(error);
});

test('an evaluation’s failure keeps the ids that the chaincode named', () => {
  const text =
    'evaluate call to endorser returned error: chaincode response 500, [STALE_SEQUENCE] expected=7';
  const failure = failureBeforeSubmission(new GatewayError(shape(status.UNKNOWN, text)), false);
  expect(failure).toMatchObject({ code: 'STALE_SEQUENCE', about: { expected: '7' } });
});

test('on a closed connection whatever gRPC says is LEDGER_UNAVAILABLE', () => {
  expect(failureBeforeSubmission(new TypeError('gone'), true).code).toBe('LEDGER_UNAVAILABLE');
});

test('what is no error of the ledger is BROKEN and keeps its cause', () => {
  const cause = new SyntaxError('Unexpected end of JSON input');
  expect(failureBeforeSubmission(cause, false)).toMatchObject({ code: 'BROKEN', cause });
  const known = new Failure('LEDGER_UNAVAILABLE');
  expect(failureBeforeSubmission(known, true)).toBe(known);
});

test.each<[string, status, string, string | undefined]>([
  [
    'the peer’s limit',
    status.UNKNOWN,
    'too many requests for /gateway.Gateway, exceeding concurrency limit (500)',
    'BUSY',
  ],
  [
    'a connection out of memory',
    status.RESOURCE_EXHAUSTED,
    'Bandwidth exhausted or memory limit exceeded',
    undefined,
  ],
  ['an envelope known already', status.UNAVAILABLE, 'request already processed', undefined],
  ['a lost connection', status.UNAVAILABLE, 'Connection dropped', undefined],
  ['no answer in time', status.DEADLINE_EXCEEDED, 'Deadline exceeded', undefined],
  ['an orderer’s no', status.ABORTED, 'received unsuccessful response from orderer', undefined],
])(
  'after a submission %s is certain only when nothing can have been ordered',
  (_name, code, message, expected) => {
    expect(failureAtTheDoor(new GatewayError(shape(code, message)))?.code).toBe(expected);
  },
);

test.each<[keyof typeof StatusCode, string | undefined]>([
  ['VALID', undefined],
  ['MVCC_READ_CONFLICT', 'LEDGER_CONFLICT'],
  ['PHANTOM_READ_CONFLICT', 'LEDGER_CONFLICT'],
  ['DUPLICATE_TXID', 'OUTCOME_UNKNOWN'],
  ['ENDORSEMENT_POLICY_FAILURE', 'BROKEN'],
  ['BAD_CREATOR_SIGNATURE', 'BROKEN'],
  ['INVALID_OTHER_REASON', 'BROKEN'],
])('the verdict %s means %s', (name, expected) => {
  expect(failureOfVerdict(StatusCode[name], transaction)?.code).toBe(expected);
});
