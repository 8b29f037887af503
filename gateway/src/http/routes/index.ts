import type { Route } from '../route.ts';
import { approval, requestApproval, waitingApprovals } from './approvals.ts';
import { audit } from './audit.ts';
import { lateEntries, localRelease } from './away.ts';
import { content } from './content.ts';
import { delegations } from './delegations.ts';
import { smartConfiguration, wellKnown } from './discovery.ts';
import { documentation, documentationAsset, openApi } from './documentation.ts';
import {
  disputes,
  emergencyCard,
  opening,
  patientOpenings,
  practitioner,
  reasons,
  unreviewed,
} from './emergencies.ts';
import { organisationEvents, patientEvents } from './events.ts';
import { live, ready } from './health.ts';
import { offers } from './offers.ts';
import { device, devices, organisation, organisations } from './organisations.ts';
import { patient, patientAccesses, patientGrants, patientRecords } from './patients.ts';
import { patientDenials, patientReaders } from './readers.ts';
import { read, readSealed } from './reads.ts';
import { anchor, storeRecord, storeVersion } from './records.ts';
import { release, sealed } from './releases.ts';
import { statements } from './statements.ts';
import { token } from './token.ts';
import { addWebhook, removeWebhook, webhooks } from './webhooks.ts';

/** Every door of a gateway: Express opens exactly these, the OpenAPI document describes exactly these. */
export const routes: readonly Route[] = [
  token,
  smartConfiguration,
  wellKnown,
  openApi,
  documentation,
  documentationAsset,
  live,
  ready,
  statements,
  offers,
  storeRecord,
  storeVersion,
  anchor,
  content,
  read,
  readSealed,
  patient,
  patientRecords,
  patientGrants,
  patientAccesses,
  delegations,
  patientEvents,
  organisationEvents,
  addWebhook,
  webhooks,
  removeWebhook,
  patientDenials,
  patientReaders,
  requestApproval,
  waitingApprovals,
  approval,
  organisations,
  organisation,
  devices,
  device,
  audit,
  reasons,
  unreviewed,
  opening,
  patientOpenings,
  emergencyCard,
  practitioner,
  disputes,
  localRelease,
  lateEntries,
  release,
  sealed,
];
