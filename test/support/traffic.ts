import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import * as wire from '../journeys/independent-client.ts';
import type { Chance } from './chance.ts';
import { type Cast } from './rest-actors.ts';
import { type Answer, sendStatement } from './rest-answers.ts';
import { type RestPatient } from './rest-patient.ts';

/** A request and what came of it; no answer at all when the connection broke. */
export interface Tried<What> {
  what: What;
  answer: Answer | undefined;
}

export interface UploadTried {
  key: string;
  content: Buffer;
}

/** Ended grants make room, so that a long run does not meet the limit of live ones. */
const LONG_AGO = '2020-01-01T00:00:00.000Z';

/** Uploads, reads and statements without a pause, until told to stop: what is in flight when something dies. */
export class Traffic {
  readonly uploads: Tried<UploadTried>[] = [];
  readonly reads: Tried<undefined>[] = [];
  readonly statements: Tried<string>[] = [];
  /** content by record */
  readonly contents = new Map<string, Buffer>();
  private going = true;
  private running: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly people: Cast,
    private readonly patient: RestPatient,
    private readonly chance: Chance,
  ) {}

  /** @param content of a record that can be read from the start */
  start(record: string, content: Buffer): void {
    this.contents.set(record, content);
    const { river, lake } = this.people;
    this.running = Promise.all([
      this.each(() => this.upload()),
      this.each(() => this.upload()),
      this.each(() => this.read(() => lake.read(this.someRecord()))),
      this.each(() => this.read(() => lake.read(this.someRecord()))),
      this.each(() => this.read(() => river.read(this.someRecord()))),
      this.each(() => this.speak()),
    ]);
  }

  /** Resolves when writes and reads are being answered. */
  async flows(): Promise<void> {
    const answered = (all: Tried<unknown>[]) => all.filter(({ answer }) => (answer?.status ?? 999) < 300);
    while (answered(this.uploads).length < 2 || answered(this.reads).length < 2) await pause(5);
  }

  /** Nothing new is sent; resolves when all that was sent has its answer, or none. */
  async stop(): Promise<void> {
    this.going = false;
    await this.running;
  }

  private async each(step: () => Promise<Answer | undefined>): Promise<void> {
    while (this.going) {
      const answer = await step();
      if (!answer || answer.status >= 400) await pause(200);
    }
  }

  private async upload(): Promise<Answer | undefined> {
    const what = { key: wire.randomId(), content: randomBytes(this.chance.below(100_000)) };
    const answer = await orNone(this.people.river.store(this.patient.id, what.content, what.key));
    this.uploads.push({ what, answer });
    if (answer?.status === 201) this.contents.set(String(answer.json['record']), what.content);
    return answer;
  }

  private someRecord(): string {
    return this.chance.of([...this.contents.keys()]);
  }

  private async read(send: () => Promise<Answer>): Promise<Answer | undefined> {
    const answer = await orNone(send());
    this.reads.push({ what: undefined, answer });
    return answer;
  }

  /** Says one thing after the other; the next number is not known while an outcome is not. */
  private async speak(): Promise<Answer | undefined> {
    const [last] = this.statements.slice(-1);
    const unknown = last && last.answer?.status !== 201 && last.answer?.status !== 200;
    const text = unknown ? last.what : this.patient.grantText('HilltopMSP', { notAfter: LONG_AGO });
    const answer = await orNone(sendStatement(this.people.river.url, text));
    if (!answer && unknown) return undefined;
    this.statements.push({ what: text, answer });
    return answer;
  }
}

/** The answer, or none when the connection broke before there was one. */
export async function orNone(answer: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await answer;
  } catch (error) {
    // fetch throws a TypeError of another realm than jest's.
    const { name, message } = error as Error;
    if (name === 'TypeError' || message.startsWith('no token')) return undefined;
    throw error;
  }
}
