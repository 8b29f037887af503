/** What kind of failure a code is, and the HTTP status (RFC 9110) that says so. */
export const categories = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  unknown: 404,
  method: 405,
  'not-acceptable': 406,
  'too-slow': 408,
  conflict: 409,
  gone: 410,
  'precondition-failed': 412,
  'too-large': 413,
  'media-type': 415,
  range: 416,
  mismatch: 422,
  'precondition-required': 428,
  'too-many': 429,
  'headers-too-large': 431,
  broken: 500,
  busy: 503,
  'outcome-unknown': 504,
  full: 507,
} as const;
export type Category = keyof typeof categories;

type Entry = readonly [category: Category, says: string, remedy: string];

/** Every failure this project knows: its category, what it says, and what the caller can do. */
export const failures = {
  INVALID_REQUEST: [
    'invalid',
    'The request does not have the form this path takes.',
    'Compare it with /openapi.json; `at` names the part. Times are RFC 3339, UTC, with milliseconds.',
  ],
  UNKNOWN_PARAMETER: [
    'invalid',
    'The query has a parameter this path does not take, or takes once.',
    'Remove it; /openapi.json lists the parameters.',
  ],
  INVALID_STATEMENT: [
    'invalid',
    'The statement does not follow the grammar.',
    'Mend what `at` names. Sign the canonical JSON with exactly the listed members of its act, low-s ES256.',
  ],
  SIGNATURE_INVALID: [
    'invalid',
    'The signature does not verify with the key it names.',
    'Sign header and payload as sent, with the key of the issuer.',
  ],
  WRONG_NETWORK: [
    'invalid',
    'The statement is addressed to another network.',
    'Use the network id from /.well-known/chartkey as aud.',
  ],
  STATEMENT_EXPIRED: ['invalid', 'The statement has expired.', 'Sign a new one; it lives at most 600 s.'],
  STATEMENT_FROM_THE_FUTURE: [
    'invalid',
    'The statement was issued in the future of the ledger.',
    'Set the clock; 60 s ahead are tolerated.',
  ],
  INVALID_KEY: [
    'invalid',
    'A public key is not one this network accepts.',
    'Send exactly the public members of a P-256, P-384 or RSA 2048 to 4096 key that is on its curve; sig and enc differ.',
  ],
  INVALID_PROOF: [
    'invalid',
    'The new key does not prove that it is held, for this owner and network.',
    'Let the new key sign a fresh proof with exactly the listed members, good for a day at most.',
  ],
  RECEIPT_INVALID: [
    'invalid',
    'The receipt is not one by this organisation’s gateway over this outcome.',
    'Keep it as evidence, and ask another organisation’s gateway.',
  ],
  OFFER_INVALID: [
    'invalid',
    'The offer is none for this custodian, or not by a key of its patient.',
    'Have the patient’s app make one for this hospital; mind its clock.',
  ],
  INVALID_GENESIS: [
    'invalid',
    'The genesis document is not signed by every member it names.',
    'Collect each member’s signature by its master key.',
  ],
  INVALID_TRANSACTION: [
    'invalid',
    'The transaction’s input does not match its digest or its form.',
    'This is a gateway’s mistake: report it.',
  ],
  ASSERTION_INVALID: [
    'invalid',
    'The client assertion does not follow the profile.',
    'Mend what `at` names. Send exactly the listed members, each of the listed words, signed by the named key.',
  ],
  PURPOSE_REQUIRED: [
    'invalid',
    'The session has several purposes and the request picks none.',
    'Send Purpose-Of-Use with one of them.',
  ],
  IDEMPOTENCY_KEY_REQUIRED: [
    'invalid',
    'An upload needs an Idempotency-Key.',
    'Send a fresh random key with each new upload, and the same one when you try again.',
  ],
  REQUEST_PROOF_INVALID: [
    'invalid',
    'The signed request of the reader does not follow the profile, or is for another read.',
    'Sign session, record, version and purpose with the reader’s own key, 60 s at most, once.',
  ],
  UPLOAD_INCOMPLETE: [
    'invalid',
    'The body ended before it was complete; nothing was stored.',
    'Send it again with the same Idempotency-Key.',
  ],
  LATE_ENTRY_INVALID: [
    'invalid',
    'The entry of a release without the ledger, or its witness’s word, does not follow the profile.',
    'Hand in exactly what the gateway and the witness signed.',
  ],
  CURSOR_INVALID: ['invalid', 'The cursor was not made by this list.', 'Start again without a cursor.'],
  WEBHOOK_REFUSED: [
    'invalid',
    'This is not a URL that events are sent to.',
    'Give a canonical https URL on port 443 or from 1024 on, without credentials or fragment, whose host is public.',
  ],
  TOKEN_REQUIRED: ['unauthenticated', 'This path needs an access token.', 'Get one at /v1/oauth/token.'],
  TOKEN_INVALID: [
    'unauthenticated',
    'The access token is unknown here or has expired.',
    'Get a new one at /v1/oauth/token.',
  ],
  ASSERTION_EXPIRED: [
    'unauthenticated',
    'The client assertion has expired, lives too long, or comes from the future.',
    'Set the clock, then sign a new one that lives at most 300 s; 60 s ahead are tolerated.',
  ],
  ASSERTION_REPLAYED: [
    'unauthenticated',
    'The client assertion was used before.',
    'Sign a new one with a fresh jti.',
  ],
  ASSERTION_MISADDRESSED: [
    'unauthenticated',
    'The client assertion is addressed to another gateway.',
    'Use this gateway’s token URL as aud.',
  ],
  CLIENT_UNKNOWN: [
    'unauthenticated',
    'No approved device or enrolled patient has this key.',
    'Have the device approved, or the patient enrolled, first.',
  ],
  SESSION_UNKNOWN: ['unauthenticated', 'The ledger does not know this session.', 'Get a new token.'],
  SESSION_EXPIRED: ['unauthenticated', 'The session has ended.', 'Get a new token.'],
  RELEASE_PROOF_INVALID: [
    'unauthenticated',
    'The request for a release is not proven by an approved gateway device.',
    'Sign it with the gateway’s device key, for this URL, at most 60 s ahead, once.',
  ],
  SESSION_FOREIGN: [
    'forbidden',
    'The session was started through another organisation’s gateway.',
    'Ask through the gateway that issued the token.',
  ],
  DEVICE_REVOKED: [
    'forbidden',
    'The device’s approval has been revoked.',
    'Ask the organisation to approve another device.',
  ],
  DEVICE_EXPIRED: [
    'forbidden',
    'The device’s approval has ended.',
    'Ask the organisation to approve a new device key.',
  ],
  KIND_NOT_ALLOWED: [
    'forbidden',
    'Organisations of this kind may not do this.',
    'Content goes to hospitals only, lists to hospitals and patients.',
  ],
  PURPOSE_NOT_ALLOWED: [
    'forbidden',
    'The session does not have this purpose.',
    'Get a token for the purpose.',
  ],
  BREAK_GLASS_REQUIRED: [
    'forbidden',
    'Emergency access needs a break-glass by this practitioner, on this device, for this patient.',
    'Sign openBreakGlass with the practitioner’s own key, or ask the patient for a grant.',
  ],
  BREAK_GLASS_OVER: [
    'forbidden',
    'The break-glass for this patient is over.',
    'Open another one if the emergency goes on.',
  ],
  SECOND_KEY_REQUIRED: [
    'forbidden',
    'The patient locked this even for emergencies: it takes a second practitioner’s key.',
    'Let a second practitioner sign secondBreakGlass.',
  ],
  BREAK_GLASS_LIMIT: [
    'too-many',
    'This practitioner, device or organisation broke glass too often in 24 hours.',
    'Ask the patient, or somebody else to open it.',
  ],
  REVIEW_OVERDUE: [
    'forbidden',
    'An earlier break-glass of this practitioner was not reviewed in 7 days.',
    'Have it reviewed first.',
  ],
  SAME_PRACTITIONER: [
    'forbidden',
    'This takes another practitioner than the one who opened it.',
    'Let somebody else sign.',
  ],
  ROLE_NOT_ALLOWED: [
    'forbidden',
    'Practitioners of this role may not do this.',
    'Physicians and nurses break glass; privacy officers and auditors review.',
  ],
  PRACTITIONER_REVOKED: [
    'forbidden',
    'The practitioner’s key has been revoked.',
    'Have another key registered.',
  ],
  PRACTITIONER_EXPIRED: [
    'forbidden',
    'The practitioner’s key is past its time.',
    'Have a new key registered.',
  ],
  DENIED_BY_PATIENT: [
    'forbidden',
    'The patient has shut this out, whatever was granted.',
    'Ask the patient to lift the denial.',
  ],
  PATIENT_FROZEN: [
    'forbidden',
    'The patient has frozen all grants and releases.',
    'Wait until they are unfrozen; break-glass is there for emergencies.',
  ],
  APPROVAL_REQUIRED: [
    'forbidden',
    'The patient’s rule for this record asks for approvals first.',
    'Ask for them at /v1/approvals, and read once enough have signed.',
  ],
  TREATMENT_REQUIRED: [
    'forbidden',
    'The grant is for everybody treating, and this organisation has not declared that it treats the patient.',
    'Let a practitioner sign declareTreatment.',
  ],
  PROOF_REQUIRED: [
    'forbidden',
    'This device reads end to end only, each read with a proof by its own key.',
    'Read through /v1/reads with a signed request.',
  ],
  KEY_REVOKED: ['forbidden', 'The key does not act for its owner (any more).', 'Sign with a key that does.'],
  NOT_A_DELEGATE: [
    'forbidden',
    'No delegation of this patient lets this person do this now.',
    'Ask the patient to name a delegate with that power.',
  ],
  DELEGATE_FOR_ITSELF: [
    'forbidden',
    'A delegate does not decide about itself.',
    'Let the patient or another delegate sign.',
  ],
  NOT_AN_APPROVER: [
    'forbidden',
    'This principal is not among those who are asked.',
    'A request for approvals says who is asked; a recovery is begun by the contacts that the patient named.',
  ],
  APPROVALS_MISSING: [
    'forbidden',
    'Not enough of those who must agree have signed.',
    'Collect the approvals that the rule names.',
  ],
  RECOVERY_PROBATION: [
    'forbidden',
    'The keys were recovered less than 30 days ago: they revoke and see the log, but widen nothing.',
    'Wait until the 30 days are over.',
  ],
  SUSPECT_KEY: [
    'forbidden',
    'This key or delegate is the one that may be stolen.',
    'Sign with another key or delegate, or collect two approvals of the recovery contacts.',
  ],
  PASS_ON_NOT_GRANTED: [
    'forbidden',
    'The patient’s grant may not be passed on (again).',
    'Ask the patient for a grant to the other hospital.',
  ],
  NO_GRANT: ['forbidden', 'No grant of the patient covers this.', 'Ask the patient for a grant.'],
  ACTION_NOT_GRANTED: [
    'forbidden',
    'The patient’s grant does not cover this action.',
    'Ask the patient for a grant that does.',
  ],
  PURPOSE_NOT_GRANTED: [
    'forbidden',
    'The patient’s grant does not cover this purpose.',
    'Ask the patient for a grant that does.',
  ],
  GRANT_NOT_YET_VALID: [
    'forbidden',
    'The patient’s grant has not begun.',
    'Wait until it has, or ask for another.',
  ],
  GRANT_EXPIRED: ['forbidden', 'The patient’s grant has ended.', 'Ask the patient for a new grant.'],
  USES_EXHAUSTED: [
    'forbidden',
    'The patient’s grant has been used as often as it may.',
    'Ask the patient for a new grant.',
  ],
  END_TO_END_ONLY: [
    'forbidden',
    'A gateway never opens a record on a patient’s authority.',
    'Read end to end, through /v1/reads with a signed request.',
  ],
  DEVICES_ONLY: [
    'forbidden',
    'Only an organisation’s device may do this.',
    'Ask with the token of an approved device.',
  ],
  PATIENTS_ONLY: [
    'forbidden',
    'Only a patient, or who acts for it, corrects a record.',
    'Store a new version instead.',
  ],
  PATIENT_AUTHORED: [
    'forbidden',
    'This record is by the patient: only the patient, or who acts for it, adds a version.',
    'Store a record of your own.',
  ],
  NOT_KEPT_HERE: [
    'forbidden',
    'This hospital does not keep what this patient records.',
    'Use the gateway of the hospital that enrolled the patient.',
  ],
  REGULATORS_ONLY: [
    'forbidden',
    'Only a regulator may ask this.',
    'A patient’s own accesses are at /v1/patients/{patient}/accesses.',
  ],
  LOCAL_RELEASE_OFF: [
    'forbidden',
    'This gateway releases nothing without the ledger.',
    'Wait until the ledger can be reached; an operator may name a witness.',
  ],
  NOT_YOURS: ['forbidden', 'This belongs to somebody else.', 'Ask with the token of whom it belongs to.'],
  RELEASE_REFUSED: [
    'forbidden',
    'The custodian does not release this key to this gateway.',
    'Only the entry’s device or its organisation’s gateway gets it.',
  ],
  CARE_MEMBERS_ONLY: [
    'forbidden',
    'Only hospitals and regulators may ask the ledger for this.',
    'Ask through a care member.',
  ],
  NOT_FOUND: ['unknown', 'There is nothing at this path.', 'See /openapi.json.'],
  METHOD_UNKNOWN: ['method', 'This path does not take this method.', 'Allow lists the ones it takes.'],
  NOT_SERVED_HERE: [
    'unknown',
    'This gateway has no peer of its own: it serves no lists, events or webhooks, no reads by patients, and no proof of a device.',
    'Ask a care member’s gateway.',
  ],
  NETWORK_UNKNOWN: [
    'unknown',
    'No consortium is registered on this ledger.',
    'Register the genesis document first.',
  ],
  ORGANISATION_UNKNOWN: ['unknown', 'No such organisation.', 'See /v1/organisations.'],
  DEVICE_UNKNOWN: ['unknown', 'No such device.', 'Check the thumbprint.'],
  PATIENT_UNKNOWN: ['unknown', 'No such patient.', 'Check the id; enrol the patient first.'],
  GRANT_UNKNOWN: ['unknown', 'This patient never made such a grant.', 'Check the grant’s id.'],
  RECORD_UNKNOWN: ['unknown', 'No such record or version.', 'Check the id and the version.'],
  ACCESS_UNKNOWN: ['unknown', 'No such access.', 'Check the id.'],
  STATEMENT_UNKNOWN: ['unknown', 'No such statement.', 'Check the id.'],
  DENIAL_UNKNOWN: ['unknown', 'No such denial of this patient stands.', 'Check the id.'],
  RULE_UNKNOWN: ['unknown', 'No such rule of this patient stands.', 'Check the id.'],
  LOCK_UNKNOWN: ['unknown', 'No such lock of this patient stands.', 'Check the id.'],
  DELEGATION_UNKNOWN: ['unknown', 'No such delegation of this patient stands.', 'Check the id.'],
  REQUEST_UNKNOWN: ['unknown', 'No such request for approvals.', 'Check its fingerprint.'],
  OPENING_UNKNOWN: ['unknown', 'No such break-glass.', 'Check the id.'],
  PRACTITIONER_UNKNOWN: [
    'unknown',
    'No such practitioner key.',
    'Check the thumbprint; register the key first.',
  ],
  RECOVERY_UNKNOWN: ['unknown', 'No such recovery is under way.', 'Check the id.'],
  KEY_UNKNOWN: ['unknown', 'The patient has no such key.', 'Check the thumbprint.'],
  WEBHOOK_UNKNOWN: ['unknown', 'You have no such webhook here.', 'See /v1/webhooks.'],
  NOT_ACCEPTABLE: [
    'not-acceptable',
    'This path cannot answer in the media type asked for.',
    'Ask for application/json.',
  ],
  STALE_SEQUENCE: [
    'conflict',
    'The sequence number is not the signer’s next.',
    'Sign again with the expected number.',
  ],
  CONSORTIUM_REGISTERED: [
    'conflict',
    'A consortium is registered on this ledger already.',
    'Use its genesis document.',
  ],
  KEY_USED: [
    'conflict',
    'This key has been used on this network before.',
    'Make a new key; a thumbprint is never used twice.',
  ],
  GRANT_LIMIT: [
    'conflict',
    'The patient has as many live grants for this organisation as may stand (256, or 64 KiB).',
    'Revoke one first.',
  ],
  STANDING_LIMIT: [
    'conflict',
    'The patient has as many keys, denials, rules, locks or delegates as may stand.',
    'Take one back first.',
  ],
  LAST_KEY: ['conflict', 'The last key is replaced, never removed.', 'Sign rotateKey, or add a key first.'],
  RULE_MISSING: [
    'conflict',
    'No rule of the patient asks for approvals of this record.',
    'Read it, or ask the patient for a grant.',
  ],
  REQUEST_CLOSED: [
    'conflict',
    'The request is granted, refused or past its time, or its rule was lifted.',
    'Ask anew if it is still needed.',
  ],
  REQUEST_LIMIT: [
    'conflict',
    'The organisation has as many open requests and live approvals of this patient as may stand (64).',
    'Wait until some have ended.',
  ],
  ALREADY_APPROVED: [
    'conflict',
    'This principal has signed already; it counts once.',
    'Nothing is to be done; to refuse after all, withdraw the approval first.',
  ],
  NOT_APPROVED: [
    'conflict',
    'This principal’s approval that is named does not stand, so there is nothing to withdraw.',
    'Check the fingerprint and the approval’s id.',
  ],
  ALREADY_REVIEWED: ['conflict', 'This break-glass has been reviewed.', 'See its review.'],
  ALREADY_SECONDED: ['conflict', 'A second practitioner stands behind this break-glass already.', 'Read.'],
  LATE_ENTRY_ANCHORED: ['conflict', 'The ledger has this entry already.', 'Nothing is to be done.'],
  LATE_ENTRY_NOT_DUE: [
    'conflict',
    'The entry may still be anchored: its organisation has a day.',
    'Report it when the day is over.',
  ],
  LEDGER_REACHABLE: [
    'conflict',
    'The ledger can be reached: nothing is released without it.',
    'Read the record for ETREAT with this break-glass.',
  ],
  NOT_FROZEN: ['conflict', 'The patient is not frozen.', 'Nothing is to be done.'],
  CONTACTS_MISSING: ['conflict', 'The patient has named no recovery contacts.', 'Enrol anew at a hospital.'],
  RECOVERY_UNDERWAY: [
    'conflict',
    'A recovery of this patient is under way.',
    'Wait for its end, or veto it.',
  ],
  RECOVERY_WAITING: [
    'conflict',
    'The window of 7 days in which a recovery can be stopped is not over.',
    'Complete it when it is.',
  ],
  RECOVERY_VETOED: [
    'conflict',
    'The recovery was stopped by a key or delegate of the patient.',
    'Start a second one, by all contacts, seen in person.',
  ],
  LABELS_NOT_READY: [
    'conflict',
    'The patient has given this custodian no key for labels.',
    'Ask the patient for one, with the grant to record.',
  ],
  WEBHOOK_LIMIT: ['conflict', 'You have as many webhooks here as may stand.', 'Delete one first.'],
  NOT_CUSTODIAN: [
    'conflict',
    'Another organisation holds this record.',
    'Send the new version to the custodian named here.',
  ],
  RECORD_EXISTS: ['conflict', 'A record with this id exists already.', 'Use a fresh Idempotency-Key.'],
  ACCESS_TOO_OLD: [
    'conflict',
    'The access was not released within 30 s and is spent.',
    'Ask again with a new Idempotency-Key.',
  ],
  ALREADY_RELEASED: [
    'conflict',
    'The key was already released for this access.',
    'Ask again for a new access.',
  ],
  LEDGER_CONFLICT: ['busy', 'Other changes kept getting in first.', 'Try again.'],
  VERSION_CONFLICT: [
    'precondition-failed',
    'The record has another newest version than If-Match names.',
    'Read the newest version first.',
  ],
  OFFER_EXPIRED: ['gone', 'The offer has expired.', 'Have the patient’s app make a new one.'],
  OFFER_USED: ['gone', 'The offer was used before.', 'Have the patient’s app make a new one.'],
  IF_MATCH_REQUIRED: [
    'precondition-required',
    'A new version needs If-Match with the version it replaces.',
    'Send If-Match with the ETag you read.',
  ],
  BODY_TOO_LARGE: ['too-large', 'The body is larger than this path takes.', 'Send less.'],
  MEDIA_TYPE_UNSUPPORTED: [
    'media-type',
    'This path does not take this media type or content encoding.',
    'See /openapi.json.',
  ],
  TOO_SLOW: [
    'too-slow',
    'The request did not arrive in time; nothing was stored.',
    'Send it again, an upload with the same Idempotency-Key.',
  ],
  HEADERS_TOO_LARGE: [
    'headers-too-large',
    'The request line and headers are larger than this gateway takes.',
    'Send fewer or shorter headers.',
  ],
  RANGE_NOT_SATISFIABLE: ['range', 'The content has no such range.', 'Ask within Content-Range.'],
  IDEMPOTENCY_MISMATCH: [
    'mismatch',
    'The Idempotency-Key was used with another request.',
    'Use a fresh key for a new request.',
  ],
  WEBHOOK_UNANSWERED: [
    'mismatch',
    'The URL did not answer the signed challenge.',
    'Answer it with 200 and the challenge’s value as the whole body, within 10 s and without a redirect.',
  ],
  TOO_MANY_REQUESTS: ['too-many', 'Too many requests.', 'Wait as long as Retry-After says.'],
  TOO_MANY_SESSIONS: [
    'too-many',
    'The device has 64 live sessions.',
    'Use one of them, or wait until one ends.',
  ],
  TOO_MANY_STREAMS: [
    'too-many',
    'You listen to as many streams of events here as may be open.',
    'Close one, or wait until one ends.',
  ],
  BROKEN: ['broken', 'Something failed in this gateway.', 'Report the instance; try again later.'],
  INTEGRITY_BROKEN: [
    'broken',
    'What is stored is not what the ledger says; nothing was served.',
    'Report it: an operator has been alarmed.',
  ],
  LEDGER_DISAGREES: [
    'broken',
    'The ledger’s state and the signed statements disagree; nothing was released.',
    'Report it: an operator has been alarmed.',
  ],
  LEDGER_UNAVAILABLE: [
    'busy',
    'The ledger cannot be reached; nothing is released without it.',
    'Try again after Retry-After.',
  ],
  BUSY: ['busy', 'This gateway is busy.', 'Try again after Retry-After.'],
  WITNESS_UNAVAILABLE: [
    'busy',
    'The witness of releases without the ledger cannot be reached, or does not sign; nothing was released.',
    'Try again after Retry-After.',
  ],
  CUSTODIAN_UNAVAILABLE: [
    'busy',
    'The custodian’s gateway cannot be reached.',
    'Try again after Retry-After.',
  ],
  VAULT_UNAVAILABLE: [
    'busy',
    'The store of the payloads cannot be used now; nothing was stored or served.',
    'Try again after Retry-After.',
  ],
  INDEX_BEHIND: ['busy', 'The index has not caught up with the ledger yet.', 'Try again after Retry-After.'],
  OUTCOME_UNKNOWN: [
    'outcome-unknown',
    'It could not be learned whether the transaction was committed.',
    'Try again with the same Idempotency-Key or the same statement.',
  ],
  VAULT_FULL: ['full', 'The vault has no room; nothing was stored.', 'Tell the operator; try again later.'],
} as const satisfies Record<string, Entry>;

export type FailureCode = keyof typeof failures;

export function isFailureCode(text: string): text is FailureCode {
  return Object.hasOwn(failures, text);
}

/** The category, HTTP status, sentence and remedy of a code. */
export function describe(code: FailureCode): {
  category: Category;
  status: number;
  says: string;
  remedy: string;
} {
  const [category, says, remedy] = failures[code];
  return { category, status: categories[category], says, remedy };
}

/** A refusal with its code; `about` holds ids and numbers only, never content or a client's words. */
export class Failure extends Error {
  override readonly name = 'Failure';
  constructor(
    readonly code: FailureCode,
    readonly about: Readonly<Record<string, string | number>> = {},
  ) {
    super(encodeFailure(code, about));
  }
}

/** A read or list that the ledger refused; `access` is the id of the entry that says so. */
export class Refused extends Failure {
  constructor(
    code: FailureCode,
    readonly access: string,
    about: Readonly<Record<string, string | number>> = {},
  ) {
    super(code, about);
  }
}

/** How a failure crosses Fabric, which carries only a message: `[CODE] name=value …`. */
export function encodeFailure(code: FailureCode, about: Readonly<Record<string, string | number>>): string {
  const ids = Object.entries(about).map(([name, value]) => ` ${name}=${value}`);
  return `[${code}]${ids.join('')}`;
}

/** The failure inside a chaincode's message, if there is one. */
export function decodeFailure(message: string): Failure | undefined {
  const found = /\[([A-Z_]+)\]((?: [a-zA-Z]+=[^\s,]+)*)/.exec(message);
  if (!found?.[1] || !isFailureCode(found[1])) return undefined;
  const about: Record<string, string> = {};
  for (const pair of (found[2] ?? '').trim().split(' ').filter(Boolean)) {
    const split = pair.indexOf('=');
    about[pair.slice(0, split)] = pair.slice(split + 1);
  }
  return new Failure(found[1], about);
}
