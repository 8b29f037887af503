import type {
  BrokenGlass,
  Dispute,
  EmergencyCard,
  KeptReason,
  PractitionerAnswer,
  ReasonWords,
} from '@chartkey/vocabulary';
import type { Caller } from '../gateway.ts';

/** What a gateway does about emergencies. Each throws a `Failure` of the vocabulary. */
export interface EmergencyVerbs {
  /**
   * Hands in what breaks the glass and stands behind it, in this order, before a read or a list rests on it.
   * What stands already stays as it is.
   */
  breakGlass(caller: Caller, statements: readonly string[]): Promise<void>;
  /** Keeps the words about an emergency sealed; a statement names them by their salted hash. */
  keepReason(caller: Caller, patient: string, words: ReasonWords): Promise<KeptReason>;
  openingOf(caller: Caller, opening: string): Promise<BrokenGlass>;
  /** All that a patient's records were opened for, the newest first. */
  openingsOf(caller: Caller, patient: string): Promise<BrokenGlass[]>;
  /** What awaits its review, the most urgent first: of one organisation, or for a regulator of all. */
  unreviewed(caller: Caller, organisation: string | undefined): Promise<BrokenGlass[]>;
  disputes(caller: Caller): Promise<Dispute[]>;
  cardOf(caller: Caller, patient: string): Promise<EmergencyCard>;
  practitionerOf(key: string): Promise<PractitionerAnswer>;
}
