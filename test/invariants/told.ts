import {
  type ConsentModel,
  isPart,
  type ModelAsker,
  type ModelPart,
  type ModelRecord,
} from './consent-model.ts';

/** A line of the answer to who could read a record. */
export interface Told {
  organisation?: string;
  basis?: string;
  purposes?: string[];
  narrowedTo?: Partial<ModelPart>;
  except?: string[];
}

/** Whoever is said to be able to read would be granted it, and nobody else. */
export function expectTold(
  readers: Told[],
  model: ConsentModel,
  record: ModelRecord,
  askers: readonly ModelAsker[],
): void {
  const denied = (id: string, asker: ModelAsker) =>
    isPart(model.denials.find((one) => one.id === id)?.who ?? {}, asker);
  for (const asker of askers) {
    const own = readers.filter(({ organisation }) => organisation === asker.organisation);
    for (const purpose of asker.purposes.filter((one) => one !== 'ETREAT')) {
      const told = own.some(
        ({ basis, purposes = [], narrowedTo = {}, except = [] }) =>
          basis !== undefined &&
          purposes.includes(purpose) &&
          isPart(narrowedTo, asker) &&
          !except.some((id) => denied(id, asker)),
      );
      const verdict = model.wouldDecide(asker, purpose, record);
      expect([asker, purpose, told]).toEqual([asker, purpose, !('code' in verdict)]);
    }
  }
}
