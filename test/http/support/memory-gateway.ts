import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import {
  digest,
  Failure,
  type Member,
  type Purpose,
  Refused,
  type SignedGenesis,
} from '@chartkey/vocabulary';
import type { ByteRange, Caller, Gateway } from '../../../gateway/src/gateway.ts';
import { event, Streams, webhook } from './memory-events.ts';
import { access, patient, time, transaction } from './memory-ids.ts';

export { access, patient, transaction };

export const record = 'a'.repeat(26);
export const content = Buffer.from('0123456789');

const member = (id: string, kind: Member['kind'], port: number): Member => ({
  id,
  name: id,
  kind,
  url: `http://127.0.0.1:${port}`,
  tokenUrl: `http://127.0.0.1:${port}/v1/oauth/token`,
  masterKey: { kty: 'EC', crv: 'P-256', x: digest(`${id} x`), y: digest(`${id} y`) },
});
const riverside = member('RiversideMSP', 'hospital', 7001);
const regulator = member('RegulatorMSP', 'regulator', 7003);
const insurer = member('InsurerMSP', 'third-party', 7004);

export const genesis: SignedGenesis = {
  genesis: {
    format: 'chartkey-genesis/1',
    demo: true,
    ledger: 'embedded',
    channel: 'records',
    salt: digest('salt'),
    organisations: [riverside, regulator, insurer],
  },
  signatures: { RiversideMSP: 'e30..c2ln' },
};

const session = (subject: 'device' | 'patient', id: string): Caller['session'] => ({
  session: digest(`session of ${id}`),
  subject,
  id,
  startedBy: 'RiversideMSP',
  purposes: ['TREAT'] as Purpose[],
  until: time,
});

/** Tokens of the callers there are. */
export const callers: Record<string, Caller> = {
  device: { session: session('device', digest('device')), member: riverside },
  patient: { session: session('patient', patient) },
  regulator: { session: session('device', digest('console')), member: regulator },
  insurer: { session: session('device', digest('insurer')), member: insurer },
};

const listed = {
  access,
  kind: 'read' as const,
  time,
  patient,
  organisation: 'RiversideMSP',
  device: digest('device'),
  practitioner: 'b'.repeat(26),
  role: 'physician' as const,
  purpose: 'TREAT' as const,
  decision: 'denied' as const,
  code: 'NO_GRANT',
  transaction,
  block: 7,
};

type MemoryGateway = Gateway & {
  fails: unknown;
  uploads: number;
  refuses: boolean;
  isFull: boolean;
  streams: Streams;
};
const openingOfMemory = {
  opening: digest('opening'),
  patient,
  organisation: 'RiversideMSP',
  key: digest('practitioner'),
  practitioner: 'b'.repeat(26),
  device: digest('device'),
  reason: 'unconscious' as const,
  text: digest('reason'),
  openedAt: time,
  until: time,
  reviewBy: time,
  overdue: true,
};

const approvalOf = (asked: string) => ({
  request: digest('request'),
  subject: {
    kind: 'access' as const,
    ...{ patient, record: asked, rule: digest('rule'), organisation: 'LakesideMSP' },
    purpose: 'TREAT' as const,
    asked: transaction,
    openedAt: time,
  },
  need: 1,
  of: [{ person: patient }],
  openedAt: time,
  until: time,
  status: 'pending' as const,
  approvals: [],
  refusals: [],
});

/** One patient, one record, no ledger: enough to try the doors of the HTTP side, and nothing else. */
export function memoryGateway(): MemoryGateway {
  const streams = new Streams();
  const stored = { record, version: 1, patient, custodian: 'RiversideMSP', transaction, committedAt: time };
  const organisation = { ...riverside, nextSeq: 2 };
  const known = (id: string) => {
    if (id !== record) throw new Failure('RECORD_UNKNOWN');
  };
  const store = async (upload: { content: AsyncIterable<Uint8Array>; idempotencyKey: string }) => {
    may();
    if (gateway.refuses) throw new Failure('NO_GRANT');
    await buffer(upload.content);
    gateway.uploads += 1;
    return { stored, repeated: upload.idempotencyKey === 'again' };
  };
  /** The next verb fails with what a test put here. */
  const may = () => {
    const { fails } = gateway;
    gateway.fails = undefined;
    if (fails !== undefined) throw fails;
  };
  const page = <Item>(item: Item) => {
    may();
    return { items: [item], next: 'cursor' };
  };
  const gateway: ReturnType<typeof memoryGateway> = {
    fails: undefined,
    uploads: 0,
    refuses: false,
    isFull: false,
    streams,
    network: `demo-${digest('network')}`,
    genesis,
    organisation: riverside,
    startSession: async () => {
      may();
      return { token: 'device', expiresIn: 300 };
    },
    callerOf: (token) => callers[token],
    submitStatement: async (statement, caller, carried) => {
      may();
      const { act } = JSON.parse(Buffer.from(statement.split('.')[1] ?? '', 'base64url').toString());
      if (act === 'enrolPatient' && !caller) throw new Failure('TOKEN_REQUIRED');
      const accepted = { act, id: digest(statement), transaction, block: 7, committedAt: time };
      return carried === undefined
        ? { accepted, repeated: false }
        : { accepted: { ...accepted, transaction: carried, receipt: 'e30.e30.c2ln' }, repeated: true };
    },
    takeOffer: async () => {
      may();
      const enc = { kty: 'EC' as const, crv: 'P-256' as const, x: digest('x'), y: digest('y') };
      return { patient, enc, isEnrolled: true };
    },
    storeRecord: store,
    storeVersion: async (upload) => {
      known(upload.record);
      if (upload.replaces === undefined) throw new Failure('IF_MATCH_REQUIRED');
      if (upload.replaces !== 1) throw new Failure('VERSION_CONFLICT');
      return store(upload);
    },
    anchorOf: async (_caller, id) => {
      may();
      known(id);
      const version = { version: 1, author: digest('device'), commitment: digest('root'), transaction };
      return {
        record,
        patient,
        custodian: 'RiversideMSP',
        labels: [],
        versions: [{ ...version, committedAt: time }],
      };
    },
    hasRoomFor: () => !gateway.isFull,
    readContent: async (read) => {
      may();
      known(read.record);
      if (gateway.refuses) throw new Refused('NO_GRANT', access);
      const part = read.range ? within(read.range, content.length) : undefined;
      const served = part ? content.subarray(part.first, part.last + 1) : content;
      return {
        access,
        version: read.version ?? 1,
        mediaType: 'application/dicom; transfer-syntax=1.2.840.10008.1.2.1',
        length: content.length,
        digest: createHash('sha256').update(content).digest('base64'),
        ...(part ? { part } : {}),
        body: Readable.from([served]),
      };
    },
    readEndToEnd: async ({ session }, request) => {
      may();
      if (session.subject === 'device' && gateway.refuses) throw new Refused('PROOF_REQUIRED', access);
      const released = { access, sealedHeader: 'AAAA', leaves: 'AAAA', key: request };
      const commitment = digest('root');
      return { ...released, record, version: 1, patient, custodian: 'RiversideMSP', commitment };
    },
    sealedRead: async (_caller, _access, range) => {
      may();
      const part = range ? within(range, content.length) : { first: 0, last: content.length - 1 };
      const body = Readable.from([content.subarray(part.first, part.last + 1)]);
      return { ...part, length: content.length, body };
    },
    recordsOf: async () => {
      const list = page({ record, version: 1, custodian: 'RiversideMSP', committedAt: time });
      return { page: list, access };
    },
    patientOf: async () => ({ patient, nextSeq: 2, enrolledBy: 'RiversideMSP', enrolledAt: time }),
    grantsOf: async () =>
      page({
        grant: digest('grant'),
        grantee: { organisation: 'LakesideMSP' },
        scope: 'all' as const,
        actions: ['read' as const],
        purposes: ['TREAT' as const],
        uses: 0,
        status: 'live' as const,
        transaction,
      }),
    denialsOf: async () => {
      may();
      return { items: [{ denial: digest('denial'), who: { organisation: 'LakesideMSP' } }] };
    },
    readersOf: async (_caller, _patient, about) => {
      may();
      known(about.record);
      return { record, time, readers: [{ organisation: 'LakesideMSP', code: 'NO_GRANT' }] };
    },
    accessesOf: async () => page(listed),
    delegationsOf: async () => ({ items: [] }),
    auditAccesses: async () => page(listed),
    eventsOf: async () => page(event),
    followEvents: async (_caller, { after }, { signal }) => {
      may();
      return {
        from: after ?? '7.0',
        batches: streams.batches(signal),
        leave: () => void streams.left.push('left'),
      };
    },
    addWebhook: async (_caller, { url }) => {
      may();
      return { webhook: { ...webhook, url }, repeated: false };
    },
    webhooksOf: async () => [webhook],
    removeWebhook: async (_caller, id) => {
      if (id !== webhook.webhook) throw new Failure('WEBHOOK_UNKNOWN');
    },
    requestApproval: async (_caller, ask) => {
      may();
      return { asked: approvalOf(ask.record), repeated: gateway.refuses };
    },
    waitingApprovals: async () => page(approvalOf(record)),
    approvalOf: async () => {
      may();
      return approvalOf(record);
    },
    organisations: async () => [organisation],
    organisationOf: async (id) => {
      if (id !== organisation.id) throw new Failure('ORGANISATION_UNKNOWN');
      return organisation;
    },
    devicesOf: async () =>
      page({ device: digest('device'), use: 'ehr' as const, status: 'approved' as const, approvedAt: time }),
    deviceOf: async (id, device) => {
      if (id !== organisation.id) throw new Failure('ORGANISATION_UNKNOWN');
      const key = riverside.masterKey;
      const about = { use: 'gateway' as const, status: 'approved' as const, approvedAt: time };
      return { device, organisation: id, ...about, sig: key, enc: key, statement: 'e30.e30.c2ln' };
    },
    release: async () => {
      may();
      return { access, header: {}, leaves: 'AAAA', key: 'e30.e30.e30.e30.e30' };
    },
    sealedOf: async (_access, _proof, range) => {
      may();
      const part = range ? within(range, content.length) : { first: 0, last: content.length - 1 };
      return {
        ...part,
        length: content.length,
        body: Readable.from([content.subarray(part.first, part.last + 1)]),
      };
    },
    releaseLocally: async () => {
      may();
      throw new Failure('LOCAL_RELEASE_OFF');
    },
    bearWitness: async () => {
      may();
      return 'e30.e30.c2ln';
    },
    emergencies: {
      breakGlass: async () => may(),
      keepReason: async () => ({ text: digest('reason') }),
      openingOf: async () => openingOfMemory,
      openingsOf: async () => [openingOfMemory],
      unreviewed: async () => [openingOfMemory],
      disputes: async () => [
        {
          ...{ dispute: digest('dispute'), about: 'break-glass', opening: digest('opening'), patient },
          ...{ organisation: 'RiversideMSP', openedAt: time, status: 'open' },
        },
      ],
      cardOf: async () => ({ record }),
      practitionerOf: async (key) => ({
        ...{ key, organisation: 'RiversideMSP', practitioner: 'b'.repeat(26), role: 'physician' },
        ...{
          sig: riverside.masterKey,
          registeredAt: time,
          validUntil: time,
          status: 'registered',
          nextSeq: 1,
        },
      }),
    },
    unready: async () => (gateway.refuses ? ['the ledger cannot be reached'] : []),
    close: async () => undefined,
  };
  return gateway;
}

function within(range: ByteRange, length: number): { first: number; last: number } {
  const first = 'suffix' in range ? Math.max(0, length - range.suffix) : range.first;
  const last = 'suffix' in range ? length - 1 : Math.min(range.last ?? length - 1, length - 1);
  if (first > last || first >= length) throw new Failure('RANGE_NOT_SATISFIABLE', { length });
  return { first, last };
}
