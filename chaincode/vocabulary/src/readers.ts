import * as z from 'zod';
import { Base32Id, Instant, OrganisationId, Sha256Text, StatementId, Thumbprint } from './ids.ts';
import { Basis, Purpose, Role } from './words.ts';

/** A part of an organisation. */
const Part = z.object({
  department: Base32Id.optional(),
  role: Role.optional(),
  device: Thumbprint.optional(),
  practitioner: Base32Id.optional(),
});

/** A member or a person, and one way in which it could read a record, or why it could not. */
export const Reader = z.object({
  organisation: OrganisationId.optional(),
  person: Thumbprint.optional(),
  /** on what it could read; absent where it could not */
  basis: Basis.optional(),
  /** why it could not */
  code: z.string().optional(),
  grant: StatementId.optional(),
  /** what else decides: the denial, rule, freeze, delegation, request or opening */
  ground: Sha256Text.optional(),
  /** only this part of the organisation */
  narrowedTo: Part.optional(),
  /** but for whom these denials shut out */
  except: z.array(StatementId).optional(),
  /** what it could read it for */
  purposes: z.array(Purpose).optional(),
});
export type Reader = z.infer<typeof Reader>;

/** Who could read a record at a time; and, where asked, what were otherwise without one grant or denial. */
export const ReadersAnswer = z.object({
  record: Base32Id,
  time: Instant,
  readers: z.array(Reader),
  without: z.object({ statement: StatementId, lost: z.array(Reader), gained: z.array(Reader) }).optional(),
});
export type ReadersAnswer = z.infer<typeof ReadersAnswer>;
