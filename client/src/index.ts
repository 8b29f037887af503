export { judgeReceipt, type OtherWord } from '@chartkey/rules';
export {
  canonicalJson,
  type FailureCode,
  type HeardEvent,
  type Place,
  type Receipt,
  thumbprint,
  type Webhook,
} from '@chartkey/vocabulary';
export { ActingFor } from './acting-for.ts';
export { AnchorsDisagree } from './anchors.ts';
export { Approving, type ApprovingOptions, type RuleWords, type ShownRequest } from './approvals.ts';
export { type AssertionRequest, clientAssertion, type Practice, randomId } from './assertion.ts';
export { Calls, type CallsOptions } from './calls.ts';
export type { Carried } from './carrying.ts';
export type { LateContent, RecordContent } from './content.ts';
export { Device, type ReadOptions } from './device.ts';
export { type EmergencyWords, type Finding, Practitioner, type PractitionerOptions } from './emergency.ts';
export type { EventOptions } from './events.ts';
export { type Acting, type ConnectOptions, connect, Gateway } from './gateway.ts';
export { GatewayUnproven } from './gateway-device.ts';
export type { GlassBreaking } from './glass.ts';
export { type KeyRequest, keyProof } from './key-proof.ts';
export {
  importKeys,
  importSigner,
  type KeyPairs,
  type Keys,
  keysFrom,
  makeKeys,
  type PrivateJwks,
  publicJwk,
  publicP256,
  type Signer,
  signerFrom,
  type WebKeys,
} from './keys.ts';
export { Labels } from './labels.ts';
export { type ListedPage, Listing } from './listing.ts';
export { MasterKey, type MasterKeyOptions, type Registering } from './master-key.ts';
export { type MadeOffer, makeOffer } from './offer.ts';
export type { OpeningKeys } from './opening/data-key.ts';
export { openSealed, type SealedPart, type SealedReading } from './opening/open-sealed.ts';
export type { Anchor } from './opening/verified-version.ts';
export {
  type CarryOptions,
  type EnrolmentOptions,
  type OwnRecordOptions,
  Patient,
  type PatientOptions,
  type PatientReadOptions,
} from './patient.ts';
export {
  type ContactWords,
  type DelegateWords,
  Person,
  type PersonOptions,
  type RecoveryWords,
} from './person.ts';
export {
  ChartkeyError,
  DigestMismatch,
  Interrupted,
  ProblemError,
  Tampered,
  UnexpectedAnswer,
  Unreachable,
  WrongGateway,
  WrongKey,
  WrongRequest,
} from './problems.ts';
export type { EndToEndOptions } from './reading.ts';
export { type ProvenReceipt, ReceiptsDisagree, ReceiptUnproven } from './receipts.ts';
export { type AccessFilter, Regulator } from './regulator.ts';
export type { Retries } from './retries.ts';
export { type Registrar, Statements, StatementUnsettled } from './sequence.ts';
export { Session } from './session.ts';
export {
  Author,
  type AuthorOptions,
  type DenialWords,
  type DeviceRequest,
  deviceProof,
  type GrantWords,
  type Order,
  type SignedStatement,
  statementId,
} from './statements.ts';
export { Tokens } from './tokens.ts';
export type { Content, NewRecordOptions, StoreOptions } from './upload.ts';
export { Wallet } from './wallet.ts';
export { BackupUnreadable } from './wallet-backup.ts';
export {
  listedGateways,
  type WebhookCall,
  type WebhookExpectation,
  WebhookForged,
  webhookEvents,
} from './webhooks.ts';
export type { LateRead, UnledgeredOpening } from './without-ledger.ts';
