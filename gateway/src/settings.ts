import { isIP } from 'node:net';
import { OrganisationId } from '@chartkey/vocabulary';
import * as z from 'zod';

export interface Setting<Value> {
  says: string;
  /** what stands for an unset variable; `{NAME}` is another setting's value; none: the setting may be absent */
  otherwise?: string;
  /** what a good value is, after "give " */
  takes: string;
  reads: z.ZodType<Value, string>;
}

const setting = <One extends Setting<unknown>>(one: One) => one;

const wholeFrom = (least: number, most: number) =>
  z
    .string()
    .regex(/^[0-9]{1,15}$/)
    .transform(Number)
    .refine((number) => number >= least && number <= most);
const whole = (says: string, otherwise: string, least: number, most: number) =>
  setting({
    says,
    otherwise,
    takes: `a whole number from ${least} to ${most}`,
    reads: wholeFrom(least, most),
  });
const path = (says: string, otherwise: string) =>
  setting({ says, otherwise, takes: 'a path', reads: z.string().min(1) });
const port = (says: string) =>
  setting({ says, takes: 'a port from 0 to 65535', reads: wholeFrom(0, 65_535) });
const address = (says: string, otherwise: string) =>
  setting({ says, otherwise, takes: 'an IP address', reads: z.string().refine((text) => isIP(text) > 0) });
const list = (says: string, takes: string, item: z.ZodType<string, string>) =>
  setting({
    says,
    otherwise: '',
    takes: `${takes}, several with commas`,
    reads: z
      .string()
      .transform((text) => text.split(',').map((part) => part.trim()))
      .transform((parts) => parts.filter((part) => part !== ''))
      .pipe(z.array(item)),
  });

const seconds = (says: string, otherwise: string) => whole(`${says}, in seconds`, otherwise, 1, 3600);
const perMinute = (says: string, otherwise: string) => whole(`${says} a minute`, otherwise, 1, 10_000_000);
const milliseconds = (says: string, otherwise: string) =>
  whole(`${says}, in milliseconds`, otherwise, 100, 600_000);

const own = '{DATA_DIR}/organisations/{ORGANISATION}';

/** Every setting of a gateway: an environment variable each. Secrets come by file path only. */
export const settings = {
  ORGANISATION: setting({
    says: 'MSP id of the organisation whose gateway this is',
    otherwise: 'RiversideMSP',
    takes: 'an MSP id such as RiversideMSP',
    reads: OrganisationId,
  }),
  DATA_DIR: path(
    'Data folder; what is this organisation’s lies in organisations/<MSP id> below it',
    '.chartkey',
  ),
  GENESIS_FILE: path(
    'The signed genesis document of the one network this gateway serves',
    '{DATA_DIR}/genesis.json',
  ),
  LEDGER_ENDPOINT: setting({
    says: 'The organisation’s own peer',
    otherwise: '127.0.0.1:7051',
    takes: 'host:port',
    reads: z.string().regex(/^[A-Za-z0-9.-]{1,253}:[0-9]{1,5}$/),
  }),
  LEDGER_TLS_ROOT: path('PEM of the roots of the peer’s TLS certificate', '{DATA_DIR}/ledger/tls/ca.crt'),
  LEDGER_SERVER_NAME: setting({
    says: 'Name in the peer’s TLS certificate, when it is not the endpoint’s host',
    takes: 'a host name',
    reads: z.string().regex(/^[A-Za-z0-9.-]{1,253}$/),
  }),
  LEDGER_PEER_ORGANISATION: setting({
    says: 'MSP id of that peer’s organisation: a third party, which has none, uses a care member’s',
    otherwise: '{ORGANISATION}',
    takes: 'an MSP id such as RegulatorMSP',
    reads: OrganisationId,
  }),
  IDENTITY_CERTIFICATE: path('PEM of the gateway’s Fabric certificate', `${own}/identity/client.crt`),
  IDENTITY_KEY: path(
    'PEM of that certificate’s key, readable by its owner only',
    `${own}/identity/client.key`,
  ),
  GATEWAY_DEVICE: path(
    'JSON of the gateway device’s private keys {sig, enc} (JWK), readable by its owner only',
    `${own}/keys/gateway-device.json`,
  ),
  VAULT_KEY_DIR: path(
    'Folder of the vault keys; outside DATA_DIR unless it is a demo network',
    `${own}/keys`,
  ),
  S3_BUCKET: setting({
    says: 'S3 bucket of this organisation alone for the sealed payloads; files in DATA_DIR when unset',
    takes: 'a bucket’s name',
    reads: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/),
  }),
  S3_ENDPOINT: setting({
    says: 'Base URL of the S3-compatible server; AWS’s own when unset',
    takes: 'a URL such as https://s3.example',
    reads: z.string().regex(/^https?:\/\/[A-Za-z0-9.-]{1,253}(?::[0-9]{1,5})?\/?$/),
  }),
  S3_REGION: setting({
    says: 'Region of the bucket',
    otherwise: 'us-east-1',
    takes: 'a region’s name',
    reads: z.string().regex(/^[a-z0-9-]{1,63}$/),
  }),
  S3_CREDENTIALS_FILE: setting({
    says: 'JSON {AccessKeyId, SecretAccessKey, SessionToken?}, readable by its owner only, read again when it changes',
    takes: 'a path',
    reads: z.string().min(1),
  }),
  DATABASE_URL_FILE: setting({
    says: 'File of the URL of the index’s PostgreSQL database, which holds a password; SQLite in DATA_DIR when unset',
    takes: 'a path',
    reads: z.string().min(1),
  }),
  CHAINCODE: setting({
    says: 'Name of the chaincode on the channel',
    otherwise: 'records',
    takes: 'a chaincode name',
    reads: z.string().regex(/^[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*$/),
  }),
  HOST: address('Address to listen on; a demo network’s gateway listens on loopback only', '127.0.0.1'),
  PORT: port(
    'Port of the REST interface; a demo network’s is the one in its genesis document, also when unset',
  ),
  METRICS_HOST: address('Address of the metrics page', '127.0.0.1'),
  METRICS_PORT: port('Port of the metrics page; the REST port + 100 when unset'),
  TLS_CERTIFICATE: setting({ says: 'PEM to serve HTTPS with', takes: 'a path', reads: z.string().min(1) }),
  TLS_KEY: setting({ says: 'PEM of its key', takes: 'a path', reads: z.string().min(1) }),
  MAX_UPLOAD_BYTES: whole('Bytes of one record’s content at most', '4294967296', 1, 34_359_738_368),
  PATIENT_RECORDS: setting({
    says: 'Whose own records this hospital keeps: of patients that it enrolled, of any of the network, or none',
    otherwise: 'enrolled',
    takes: 'one of enrolled, anybody, nobody',
    reads: z.enum(['enrolled', 'anybody', 'nobody']),
  }),
  PATIENT_RECORDS_A_DAY: whole('Records that one patient makes here in a day at most', '100', 1, 1_000_000),
  PATIENT_BYTES_A_DAY: whole('Bytes of them', '67108864', 1, 34_359_738_368),
  ITEMS_PER_TRANSACTION: whole('Reads or sessions that share one transaction at most', '64', 1, 64),
  IN_FLIGHT: whole('Transactions of grouped reads and sessions in flight at once, each', '4', 1, 64),
  QUEUE: whole('Reads and sessions that may wait for a transaction, each', '4096', 1, 1_000_000),
  READS_INSIDE: whole(
    'Reads of content between question and answer at once; what is more is refused, evenly by device',
    '320',
    1,
    1_000_000,
  ),
  RELEASES_AT_ONCE: setting({
    says: 'Keys released at a time, the others wait in turns by who asks; 32 when unset, 128 with S3_BUCKET',
    takes: 'a whole number from 1 to 1000000',
    reads: wholeFrom(1, 1_000_000),
  }),
  EVALUATE_MILLISECONDS: milliseconds('Longest wait for a ledger query', '5000'),
  ENDORSE_MILLISECONDS: milliseconds('Longest wait for endorsement', '15000'),
  SUBMIT_MILLISECONDS: milliseconds('Longest wait for the ordering service', '5000'),
  COMMIT_MILLISECONDS: milliseconds('Longest wait for a commit', '30000'),
  CODE_CHECK_SECONDS: whole(
    'Time between two looks at which chaincode each organisation’s peer runs, in seconds',
    '3600',
    1,
    86_400,
  ),
  HEADERS_SECONDS: seconds('Time a request’s headers may take', '7'),
  IDLE_SECONDS: seconds('Time without progress after which a slow client is cut', '30'),
  KEEP_ALIVE_SECONDS: seconds('Time a connection may rest between requests', '5'),
  STOP_SECONDS: seconds('Time that requests in flight get when the gateway stops', '10'),
  SOCKETS_PER_ADDRESS: whole('Open connections of one address', '500', 1, 1_000_000),
  STATEMENTS_PER_SIGNER: perMinute('Statements of one signer, revocations apart,', '60'),
  REVOCATIONS_PER_SIGNER: perMinute('Revocations of one signer', '60'),
  STATEMENTS_PER_ADDRESS: perMinute('Statements from one address', '600'),
  TOKENS_PER_ADDRESS: perMinute('Token requests from one address', '600'),
  REQUESTS_PER_CALLER: perMinute('Requests of one device or patient', '120000'),
  REQUESTS_PER_ADDRESS: perMinute('Requests from one address', '240000'),
  STREAMS_PER_CALLER: whole('Streams of events that one device or patient listens to at once', '8', 1, 1000),
  WEBHOOKS_PER_OWNER: whole('Webhooks of one patient or organisation', '16', 1, 1000),
  WEBHOOKS_PER_CALLER: perMinute('Webhooks that one device or patient asks for', '10'),
  EMERGENCY_WITNESS_URL: setting({
    says: 'Registered URL of the gateway that bears witness to emergency releases from the own vault while the ledger cannot be reached; nothing is released then when unset',
    takes: 'the URL of another hospital or a regulator, as in the genesis document',
    reads: z.string().regex(/^https?:\/\/\S{1,400}$/),
  }),
  EMERGENCY_RELEASES: whole('Such releases that may wait to be anchored', '10', 1, 1000),
  APP_ORIGINS: list(
    'Origins of browser apps that may call',
    'origins such as https://app.example',
    z.string().regex(/^https?:\/\/[a-z0-9.-]+(?::[0-9]{1,5})?$/),
  ),
  TRUSTED_PROXIES: list(
    'Reverse proxies whose X-Forwarded-For is believed',
    'IP addresses or ranges',
    z.string().regex(/^[0-9a-fA-F.:]+(?:\/[0-9]{1,3})?$/),
  ),
  LOG_LEVEL: setting({
    says: 'What is logged',
    otherwise: 'info',
    takes: 'one of fatal, error, warn, info, debug, trace, silent',
    reads: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']),
  }),
} as const satisfies Record<string, Setting<unknown>>;
