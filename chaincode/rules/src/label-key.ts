import {
  decodeBase64url,
  LABEL_KEY_BYTES,
  type LabelKeyFor,
  LabelKeyHeader,
  malformed,
  parseCanonical,
  type StatementOf,
} from '@chartkey/vocabulary';

/** Bytes of a compact JWE's parts after the header: encrypted key (RFC 3394), IV, ciphertext, tag. */
const PARTS = [LABEL_KEY_BYTES + 8, 12, LABEL_KEY_BYTES, 16];

/** What a label key that a statement brings is for; undefined when it brings none. */
export function labelKeyIn(
  payload: StatementOf<'grantConsent' | 'enrolPatient'>,
): { jwe: string; use: LabelKeyFor } | undefined {
  const { labelKey: jwe, iss: patient, aud: network } = payload;
  if (jwe === undefined) return undefined;
  return { jwe, use: { network, patient, custodian: custodianOf(payload) ?? '' } };
}

/** The one organisation that may record under a statement, by the patient's own word. */
function custodianOf(payload: StatementOf<'grantConsent' | 'enrolPatient'>): string | undefined {
  if (payload.act === 'enrolPatient') return payload.recorder;
  const { grantee, actions, iss, patient = iss } = payload;
  // A delegate cannot say what the patient's labels are.
  if (patient !== iss || !actions.includes('record') || 'treating' in grantee) return undefined;
  return grantee.organisation;
}

/**
 * Checks the form of a label key: for exactly the recorder that the statement names, and nothing else in it.
 * Whether it opens only the custodian can tell.
 * @throws Failure INVALID_STATEMENT
 */
export function checkLabelKey(payload: StatementOf<'grantConsent' | 'enrolPatient'>): void {
  const sent = labelKeyIn(payload);
  if (sent === undefined) return;
  try {
    checkForm(sent.jwe, sent.use);
  } catch {
    throw malformed('payload.labelKey');
  }
}

function checkForm(jwe: string, use: LabelKeyFor): void {
  const [head = '', ...parts] = jwe.split('.');
  const bytes = parts.map((part) => decodeBase64url(part).length);
  if (bytes.join() !== PARTS.join()) throw new SyntaxError('of another length');
  readLabelKeyHeader(head, use);
}

/**
 * The protected header of a label key for this use.
 * @param head base64url, the first part of the JWE
 * @throws SyntaxError or ZodError when it is none, or for another use
 */
export function readLabelKeyHeader(head: string, use: LabelKeyFor): LabelKeyHeader {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(decodeBase64url(head));
  const header = LabelKeyHeader.parse(parseCanonical(text));
  const { network, patient, custodian } = header;
  if (network !== use.network || patient !== use.patient || custodian !== use.custodian) {
    throw new SyntaxError('for another use');
  }
  return header;
}
