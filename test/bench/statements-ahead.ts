import { Author, makeKeys } from '@chartkey/client';
import type { Stage } from './stage.ts';

/** A signer's statements ready to be sent, in their order. */
export interface Ready {
  statements: string[];
  /** Says that so many of them were accepted; the others are made anew. */
  used(many: number): void;
}

interface Signer {
  author: Author;
  next: number;
}

/** Patients who sign statements ahead of time, so that making them is not measured. */
export class StatementsAhead {
  private readonly signers: Signer[];

  private constructor(signers: Signer[]) {
    this.signers = signers;
  }

  /** Enrols so many patients, whose numbers nobody else uses. */
  static async of({ river }: Stage, many: number): Promise<StatementsAhead> {
    const { network } = river.gateway;
    const signers: Signer[] = [];
    while (signers.length < many) {
      const some = Array.from({ length: Math.min(32, many - signers.length) }, async () => {
        const keys = await makeKeys();
        await river.enrol(await river.gateway.patient(keys).enrolmentStatement());
        return { author: new Author(network, keys.sig), next: 2 };
      });
      signers.push(...(await Promise.all(some)));
    }
    return new StatementsAhead(signers);
  }

  /** Statements of each patient that burn its next numbers. */
  async ready(each: number): Promise<Ready[]> {
    return Promise.all(
      this.signers.map(async (signer) => {
        const signed = Array.from({ length: each }, (_, at) => signer.author.skip(signer.next + at));
        const used = (many: number) => {
          signer.next += many;
        };
        return { statements: (await Promise.all(signed)).map(({ text }) => text), used };
      }),
    );
  }
}
