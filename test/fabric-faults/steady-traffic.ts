import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import * as wire from '../journeys/independent-client.ts';
import type { Chance } from '../support/chance.ts';
import type { Cast } from '../support/rest-actors.ts';
import { type Answer, sendStatement } from '../support/rest-answers.ts';
import type { RestPatient } from '../support/rest-patient.ts';
import { orNone, type UploadTried } from '../support/traffic.ts';

/** Ended grants make room, so that a long run does not meet the limit of live ones. */
const LONG_AGO = '2020-01-01T00:00:00.000Z';
/** Requests of a kind that may be on their way at once. */
const MOST = 60;

/** Milliseconds from one request of a kind to the next, whatever became of the one before. */
const pace = { upload: 300, statement: 300, 'own read': 250, 'released read': 250, 'refused read': 1_000 };
export type Kind = keyof typeof pace;
export const kinds = Object.keys(pace) as Kind[];

/** A request and what came of it; no answer when the connection broke or no token was to be had. */
export interface Sent {
  kind: Kind;
  /** milliseconds since 1970 */
  sent: number;
  answered: number;
  answer: Answer | undefined;
  upload?: UploadTried;
  statement?: Said;
}

/** A statement, said until its outcome is known. */
export interface Said {
  text: string;
  seq: number;
  /** an earlier try may have come about */
  doubtful: boolean;
  done: boolean;
}

interface Speaker {
  patient: RestPatient;
  says?: Said;
  busy: boolean;
}

export const succeeded = ({ kind, answer }: Sent) =>
  answer !== undefined && (kind === 'refused read' ? answer.status === 403 : answer.status < 300);

/** An answer by which nothing was done, and nothing of it will be. */
export const isDefinite = (answer: Answer | undefined) =>
  answer !== undefined && answer.status >= 400 && answer.status !== 504;

/** Writes and logged reads at a steady pace, whether or not they are answered. */
export class SteadyTraffic {
  readonly sent: Sent[] = [];
  /** refusals of statements that had come about after all */
  readonly wrong: string[] = [];
  private readonly speakers: Speaker[];
  private readonly flying = new Map<Kind, Set<Promise<void>>>(kinds.map((kind) => [kind, new Set()]));
  private timers: NodeJS.Timeout[] = [];

  /** @param records that every gateway knows: they are read */
  constructor(
    private readonly people: Cast,
    private readonly patients: RestPatient[],
    private readonly records: string[],
    private readonly chance: Chance,
  ) {
    this.speakers = patients.map((patient) => ({ patient, busy: false }));
  }

  start(): void {
    this.timers = kinds.map((kind) => setInterval(() => this.launch(kind), pace[kind]));
  }

  /** Resolves when every kind succeeds that was sent since then; false when that takes too long. */
  async flowsSince(since: number, milliseconds: number): Promise<boolean> {
    const until = Date.now() + milliseconds;
    while (!kinds.every((kind) => this.firstSuccess(kind, since))) {
      if (Date.now() > until) return false;
      await pause(20);
    }
    return true;
  }

  /** The first request of a kind that was sent since then and succeeded. */
  firstSuccess(kind: Kind, since: number): Sent | undefined {
    return this.sent.find((one) => one.kind === kind && one.sent >= since && succeeded(one));
  }

  /** Nothing new is sent; resolves when all that was sent has its answer, or none. */
  async stop(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    await Promise.all([...this.flying.values()].flatMap((all) => [...all]));
  }

  /** Says what is still unsaid until it is known to stand on the ledger. */
  async settle(): Promise<void> {
    for (const speaker of this.speakers) {
      for (let tries = 0; speaker.says && tries < 20; tries += 1) await this.launched('statement', speaker);
      if (speaker.says) this.wrong.push('a statement’s outcome could not be had by sending it again');
    }
  }

  private launch(kind: Kind): void {
    const flying = this.flying.get(kind)!;
    if (flying.size >= MOST) return;
    const speaker = this.speakers.find(({ busy }) => !busy);
    if (kind === 'statement' && !speaker) return;
    const flight = this.launched(kind, speaker).finally(() => flying.delete(flight));
    flying.add(flight);
  }

  private async launched(kind: Kind, speaker: Speaker | undefined): Promise<void> {
    const one: Sent = { kind, sent: Date.now(), answered: 0, answer: undefined };
    one.answer = await orNone(this.send(one, speaker));
    one.answered = Date.now();
    this.sent.push(one);
    if (one.statement && speaker) this.heard(one.statement, one.answer, speaker);
    if (one.answer?.status === 401) this.people[kind === 'released read' ? 'lake' : 'river'].forgetTokens();
  }

  private async send(one: Sent, speaker: Speaker | undefined): Promise<Answer> {
    const { river, lake } = this.people;
    switch (one.kind) {
      case 'upload':
        one.upload = { key: wire.randomId(), content: randomBytes(this.chance.below(20_000)) };
        return river.store(this.patients[0]!.id, one.upload.content, one.upload.key);
      case 'statement':
        return this.speak(one, speaker!);
      case 'own read':
        return river.read(this.someRecord());
      case 'released read':
        return lake.read(this.someRecord());
      case 'refused read':
        return lake.read(this.someRecord(), { purpose: 'HRESCH' });
    }
  }

  private someRecord(): string {
    return this.chance.of(this.records);
  }

  private speak(one: Sent, speaker: Speaker): Promise<Answer> {
    speaker.busy = true;
    speaker.says ??= newGrant(speaker.patient);
    one.statement = speaker.says;
    const at = this.chance.of([this.people.river, this.people.lake]);
    return sendStatement(at.url, speaker.says.text);
  }

  private heard(said: Said, answer: Answer | undefined, speaker: Speaker): void {
    speaker.busy = false;
    if (answer?.status === 200 && !said.doubtful) {
      this.wrong.push('a statement that was only ever refused stood on the ledger');
    }
    if (answer?.status === 200 || answer?.status === 201) {
      said.done = true;
      delete speaker.says;
    } else if (!isDefinite(answer)) said.doubtful = true;
  }
}

function newGrant(patient: RestPatient): Said {
  const text = patient.grantText('HilltopMSP', { notAfter: LONG_AGO });
  const { seq } = JSON.parse(Buffer.from(text.split('.')[1]!, 'base64url').toString()) as { seq: number };
  return { text, seq, doubtful: false, done: false };
}
